"""`python -m services.signal_analysis` serves the room until it is told to stop."""

import sys

from services.shared.deployable import run
from services.signal_analysis.bootstrap import build
from services.signal_analysis.settings import SignalAnalysisSettings

sys.exit(run(build, SignalAnalysisSettings))
