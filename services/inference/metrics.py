"""What operators chart of inference; the names follow the meaning of Triton's nv_inference_* (docs of its metrics)."""

import contextlib
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_P: Final = "einthoven_inference"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

WAITING: Final = Gauge(f"{_P}_waiting", "Requests that wait for a run of any model; replicas are added by it.")
PENDING: Final = Gauge(f"{_P}_pending_requests", "Requests that wait for a run.", ["model"])
QUEUE_SECONDS: Final = Histogram(
    f"{_P}_queue_seconds", "Time a request waits before its run.", ["model"], buckets=_SECONDS
)
COMPUTE_SECONDS: Final = Histogram(f"{_P}_compute_seconds", "Time of one run.", ["model"], buckets=_SECONDS)
REQUESTS: Final = Counter(f"{_P}_requests", "Requests that were run.", ["model"])
FAILURES: Final = Counter(f"{_P}_request_failures", "Requests that failed, by reason.", ["model", "reason"])
ECGS: Final = Counter(f"{_P}_ecgs", "ECGs that were run; a run holds one or more.", ["model"])
RUNS: Final = Counter(f"{_P}_executions", "Runs of the model.", ["model"])
LOADED: Final = Gauge(f"{_P}_loaded_models", "Models kept ready.")
LOADED_BYTES: Final = Gauge(f"{_P}_loaded_bytes", "Size of the files of the models kept ready.")
LOAD_SECONDS: Final = Histogram(f"{_P}_load_seconds", "Time to make a model ready.", buckets=(*_SECONDS, 60.0, 120.0))
EVICTIONS: Final = Counter(f"{_P}_evictions", "Models put away to keep within the bounds.")


def forget(model: str) -> None:
    """Drop the series of a model that was put away, so that they do not grow without end."""
    for metric in (PENDING, QUEUE_SECONDS, COMPUTE_SECONDS, REQUESTS, ECGS, RUNS):
        with contextlib.suppress(KeyError):
            metric.remove(model)
