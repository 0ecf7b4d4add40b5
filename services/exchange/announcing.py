"""Telling the platform over the bus."""

from services.exchange.convert import registered_event
from services.exchange.models import ModelVersion
from services.shared.errors import PlatformError
from services.shared.messaging import Bus, subjects
from services.shared.observability.logs import get_logger

_log = get_logger(__name__)


class BusAnnouncer:
    """Publishes events; one that cannot be published is logged and otherwise lost, for the row is the record."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def model_registered(self, model: ModelVersion) -> None:
        """Say that a version was stored or published."""
        subject = subjects.models_registered(model.tenant)
        try:
            await self._bus.publish(subject, registered_event(model))
        except PlatformError as error:
            _log.warning("event_not_published", subject=subject, code=error.code.value, detail=error.detail)
