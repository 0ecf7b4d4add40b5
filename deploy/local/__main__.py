"""`python -m deploy.local --data-dir DIR [--host HOST] [--port PORT]`; prints its address once it answers."""

import argparse
import sys
from pathlib import Path
from typing import Any

from deploy.local.platform import default_data_dir
from deploy.local.serving import serve
from deploy.local.settings import LocalSettings
from services.shared.errors import PlatformError

parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
parser.add_argument("--data-dir", type=Path, default=default_data_dir())
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=8080)
parser.add_argument("--dicom-port", type=int, help="receive ECGs by C-STORE on this port")
parser.add_argument("--dicom-sender", action="append", metavar="AE_TITLE", help="who may send; EINTHOVEN-SCU if absent")
given = parser.parse_args()
try:
    senders: dict[str, Any] = {"dicom_senders": tuple(given.dicom_sender)} if given.dicom_sender else {}
    settings = LocalSettings(given.data_dir, given.host, given.port, dicom_port=given.dicom_port, **senders)
    serve(settings, announce=lambda url: print(url, flush=True))  # noqa: T201
except PlatformError as error:
    sys.exit(error.detail)
