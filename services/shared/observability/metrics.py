"""Prometheus metrics that every deployable has; those of one room are defined in the room, with the same prefix."""

from typing import Final

import prometheus_client
from prometheus_client import Counter, Gauge, Histogram

PREFIX: Final = "einthoven"

RPC_REQUESTS: Final = Counter(f"{PREFIX}_rpc_requests", "Calls handled, by outcome.", ["method", "code"])
RPC_SECONDS: Final = Histogram(
    f"{PREFIX}_rpc_seconds",
    "Time to handle a call.",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
READY: Final = Gauge(f"{PREFIX}_ready", "1 where calls are welcome, else 0.", ["deployable"])
DEPENDENCY_UP: Final = Gauge(
    f"{PREFIX}_dependency_up",
    "1 where what the deployable stands on answered last, else 0.",
    ["deployable", "dependency"],
)
BACKGROUND_ENDED: Final = Counter(
    f"{PREFIX}_background_work_ended",
    "Work beside the calls that ended by a fault and comes back with a restart only.",
    ["deployable"],
)
SWEPT: Final = Gauge(f"{PREFIX}_sweep_last_success_timestamp_seconds", "When a sweep last came to its end.", ["sweep"])
MESSAGES: Final = Counter(
    f"{PREFIX}_bus_messages",
    "Deliveries from work queues: done, failed (they come again) or dead.",
    ["queue", "outcome"],
)
STORAGE_ERRORS: Final = Counter(
    f"{PREFIX}_storage_errors", "Calls to the object store that it could not serve, by reason.", ["reason"]
)


def exposition() -> tuple[bytes, str]:
    """Return every metric of this process in the text format, and its media type."""
    return prometheus_client.generate_latest(), prometheus_client.CONTENT_TYPE_LATEST


class MetricsServer:
    """Serves /metrics of this process on a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._server, self._thread = prometheus_client.start_http_server(port, host)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
