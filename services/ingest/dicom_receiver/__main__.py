"""`python -m services.ingest.dicom_receiver` receives until it is told to stop."""

import sys

from services.ingest.dicom_receiver.bootstrap import build
from services.ingest.dicom_receiver.settings import DicomReceiverSettings
from services.shared.deployable import run

if __name__ == "__main__":
    sys.exit(run(build, DicomReceiverSettings))
