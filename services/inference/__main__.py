"""`python -m services.inference` runs the inference service."""

import sys

from services.inference.bootstrap import build
from services.inference.settings import InferenceSettings
from services.shared.deployable import run

if __name__ == "__main__":
    sys.exit(run(build, InferenceSettings))
