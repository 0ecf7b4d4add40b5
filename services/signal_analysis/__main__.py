"""`python -m services.signal_analysis` serves the room; with `migrate` it only sees to its tables."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("signal_analysis", Path(__file__).parent / "migrations"))

    from services.shared.deployable import run
    from services.signal_analysis.bootstrap import build
    from services.signal_analysis.settings import SignalAnalysisSettings

    sys.exit(run(build, SignalAnalysisSettings))
