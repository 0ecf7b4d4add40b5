"""`python -m services.trainer.worker TRAINING_ID` works on one training and ends."""

import sys

from services.trainer.worker.process import main

sys.exit(main(sys.argv))
