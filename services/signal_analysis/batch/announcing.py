"""The bell: rung over the bus when a job waits, heard by every replica."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from services.shared.errors import PlatformError
from services.shared.messaging import Bus, subjects
from services.shared.observability.logs import get_logger

_log: Final = get_logger(__name__)


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


class BusBell:
    """Rings on the bus; a ring that nobody hears is made good by looking every so often."""

    def __init__(self, bus: Bus, message: Callable[[str, str], bytes]) -> None:
        self._bus = bus
        self._message = message
        self._ears: set[EventRing] = set()

    async def ring(self, tenant: str, job_id: str) -> None:
        """Say that a job waits; best effort, for the row is the record."""
        try:
            await self._bus.publish(subjects.measuring_requested(tenant), self._message(tenant, job_id))
        except PlatformError as error:
            _log.warning("bell_not_rung", job_id=job_id, code=error.code.value, detail=error.detail)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[EventRing]:
        """Listen to it."""
        ring = EventRing()
        self._ears.add(ring)
        try:
            yield ring
        finally:
            self._ears.discard(ring)

    def heard(self) -> None:
        """Wake whoever listens here."""
        for ring in self._ears:
            ring.rang.set()
