"""`python -m services.ingest` serves the room until it is told to stop; with `migrate` it only sees to its tables."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("ingest", Path(__file__).parent / "migrations"))

    from services.ingest.bootstrap import build
    from services.ingest.settings import IngestSettings
    from services.shared.deployable import run

    sys.exit(run(build, IngestSettings))
