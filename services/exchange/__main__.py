"""`python -m services.exchange` runs the model store."""

import sys

from services.exchange.bootstrap import build
from services.exchange.settings import ExchangeSettings
from services.shared.deployable import run

if __name__ == "__main__":
    sys.exit(run(build, ExchangeSettings))
