"""What operators chart of measuring datasets."""

from typing import Final, Literal

from prometheus_client import Counter, Gauge, Histogram

Outcome = Literal["measured", "refused", "reused"]
"""What becomes of an ECG of a job; reused: it was measured before."""
_P: Final = "einthoven_measuring"

JOBS: Final = Gauge(f"{_P}_jobs", "Measuring jobs of all departments, by state, as the rows say.", ["state"])
OLDEST_WAITING: Final = Gauge(
    f"{_P}_jobs_oldest_waiting_seconds", "How long the job that waits longest has waited, 0 where none does."
)
RECORDS: Final = Counter(f"{_P}_records", "ECGs of jobs, by what became of them.", ["outcome"])
JOB_SECONDS: Final = Histogram(
    f"{_P}_job_seconds",
    "Time from when a job was asked for to its end, by how it ended.",
    ["state"],
    buckets=(1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600),
)


def count(outcome: Outcome, records: int) -> None:
    """Count ECGs of a job."""
    RECORDS.labels(outcome).inc(records)
