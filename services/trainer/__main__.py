"""`python -m services.trainer` serves the room until it is told to stop; with `migrate` it only sees to its tables."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("trainer", Path(__file__).parent / "migrations"))

    from services.shared.deployable import run
    from services.trainer.bootstrap import build
    from services.trainer.settings import TrainerSettings

    sys.exit(run(build, TrainerSettings))
