"""Telling the platform over the bus, and hearing from it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.shared.errors import PlatformError
from services.shared.messaging import Bus, subjects
from services.shared.observability.logs import get_logger
from services.trainer import convert
from services.trainer.trainings import Training

_RETRY_SECONDS = 5.0

_log = get_logger(__name__)


class BusAnnouncer:
    """Publishes messages; one that cannot be published is logged and otherwise lost, for the row is the record."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def requested(self, training: Training) -> None:
        """Say that a training waits for a worker."""
        training_id = training.training_id
        await self._publish(subjects.TRAINER_REQUESTED, convert.requested_event(training_id), dedup_id=training_id)

    async def changed(self, tenant: str, training_id: str) -> None:
        """Say that a training has news."""
        await self._publish(subjects.trainings_changed(tenant), convert.changed_event(tenant, training_id))

    async def _publish(self, subject: str, data: bytes, *, dedup_id: str | None = None) -> None:
        try:
            await self._bus.publish(subject, data, dedup_id=dedup_id)
        except PlatformError as error:
            _log.warning("event_not_published", subject=subject, code=error.code.value, detail=error.detail)


class EventRing:
    """One ear: remembers that it rang while nobody waited."""

    def __init__(self) -> None:
        self.rang = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Return when it rang since the last call, or after some seconds; say whether it rang."""
        try:
            async with asyncio.timeout(seconds):
                await self.rang.wait()
        except TimeoutError:
            return False
        self.rang.clear()
        return True


class BusDoorbell:
    """One subscription for everybody who follows a training here."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._ears: defaultdict[str, set[EventRing]] = defaultdict(set)

    @asynccontextmanager
    async def listening(self, training_id: str) -> AsyncIterator[EventRing]:
        """Listen to one training."""
        ring = EventRing()
        self._ears[training_id].add(ring)
        try:
            yield ring
        finally:
            self._ears[training_id].discard(ring)
            if not self._ears[training_id]:
                del self._ears[training_id]

    async def listen_for_ever(self) -> None:
        """Pass messages on to whoever listens; a bus that is down is tried again."""
        while True:
            try:
                async with self._bus.subscribe(subjects.trainings_changed(subjects.EVERY)) as messages:
                    async for message in messages:
                        for ring in self._ears.get(convert.changed_training(message.data), ()):
                            ring.rang.set()
            except PlatformError as error:
                _log.warning("doorbell_unavailable", code=error.code.value, detail=error.detail)
            await asyncio.sleep(_RETRY_SECONDS)
