"""From settings to a bus."""

from collections.abc import Iterable

from services.shared.messaging import Bus, WorkQueue
from services.shared.messaging.local import LocalBus
from services.shared.messaging.subjects import WORK_QUEUES
from services.shared.settings import BusSettings


def open_bus(settings: BusSettings, queues: Iterable[WorkQueue] = WORK_QUEUES) -> Bus:
    """Return the bus that the settings name; it connects at its first call, so one that is down stops no start."""
    if settings.kind == "local":
        return LocalBus(queues)
    from services.shared.messaging.jetstream import JetStreamBus  # noqa: PLC0415 the client is not needed embedded

    return JetStreamBus(settings, queues)
