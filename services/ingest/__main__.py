"""`python -m services.ingest` serves the room until it is told to stop."""

import sys

from services.ingest.bootstrap import build
from services.ingest.settings import IngestSettings
from services.shared.deployable import run

sys.exit(run(build, IngestSettings))
