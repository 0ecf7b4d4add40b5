"""What operators chart of ingest."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_P: Final = "einthoven_ingest"

FILES: Final = Counter(f"{_P}_files", "Files uploaded, by what became of them and their format.", ["outcome", "format"])
FILE_BYTES: Final = Counter(f"{_P}_file_bytes", "Bytes of the files uploaded.")
DECODE_SECONDS: Final = Histogram(
    f"{_P}_decode_seconds",
    "Time to decode one file.",
    ["format"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
IN_FLIGHT: Final = Gauge(f"{_P}_files_in_flight", "Files in memory.")
SHARD_RECORDS: Final = Histogram(
    f"{_P}_shard_records", "Records per shard.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
ERASURES: Final = Counter(f"{_P}_erasures", "Records whose erasure was finished.")
SWEPT: Final = Counter(f"{_P}_orphans_swept", "Objects deleted that an interrupted upload had left behind.")
