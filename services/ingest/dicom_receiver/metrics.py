"""What operators chart of the DICOM receiver."""

from typing import Final

from prometheus_client import Counter, Histogram

_P: Final = "einthoven_dicom_receiver"

OBJECTS: Final = Counter(f"{_P}_objects", "Objects received, by the DICOM status they were answered with.", ["status"])
OBJECT_BYTES: Final = Counter(f"{_P}_object_bytes", "Bytes of the objects received.")
ASSOCIATIONS: Final = Counter(f"{_P}_associations", "Associations, by what became of their request.", ["outcome"])
STORE_SECONDS: Final = Histogram(
    f"{_P}_store_seconds",
    "Time until an object was answered.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
