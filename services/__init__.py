"""The rooms of the house: one package per service, and what they share.

Whatever of them is loaded, ONNX Runtime is told first to report nothing to its maker: it looks when it is imported, and
keeps a number for the machine besides. Nothing else happens here.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # noqa: TID251 a library's own switch, which has no other form
