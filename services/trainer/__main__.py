"""`python -m services.trainer` serves the room until it is told to stop."""

import sys

from services.shared.deployable import run
from services.trainer.bootstrap import build
from services.trainer.settings import TrainerSettings

sys.exit(run(build, TrainerSettings))
