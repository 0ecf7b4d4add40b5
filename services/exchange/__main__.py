"""`python -m services.exchange` serves the room until it is told to stop; with `migrate` it only sees to its tables."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("exchange", Path(__file__).parent / "migrations"))

    from services.exchange.bootstrap import build
    from services.exchange.settings import ExchangeSettings
    from services.shared.deployable import run

    sys.exit(run(build, ExchangeSettings))
