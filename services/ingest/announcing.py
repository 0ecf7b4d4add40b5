"""Telling the platform over the bus."""

from collections.abc import Sequence

from services.ingest import convert
from services.shared.errors import PlatformError
from services.shared.messaging import Bus, subjects
from services.shared.observability.logs import get_logger

_log = get_logger(__name__)


class BusNews:
    """Publishes events; one that cannot be published is logged and otherwise lost, for the row is the record."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def stored(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were stored."""
        await self._publish(subjects.recordings_stored(tenant), convert.stored_event(tenant, dataset_id, record_ids))

    async def erased(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were erased; none named means the whole dataset."""
        await self._publish(subjects.recordings_erased(tenant), convert.erased_event(tenant, dataset_id, record_ids))

    async def _publish(self, subject: str, data: bytes) -> None:
        try:
            await self._bus.publish(subject, data)
        except PlatformError as error:
            _log.warning("event_not_published", subject=subject, code=error.code.value, detail=error.detail)
