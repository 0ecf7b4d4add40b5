"""The bus edge of signal analysis: jobs that wait, and ECGs that were erased."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from services.shared.errors import PlatformError
from services.shared.messaging import Bus, Message, subjects
from services.shared.observability.logs import get_logger
from services.signal_analysis.batch import convert
from services.signal_analysis.batch.announcing import BusBell
from services.signal_analysis.batch.worker import Worker

_RETRY_SECONDS: Final = 5.0

_log = get_logger(__name__)


class SignalAnalysisConsumer:
    """Hears the bell, and of datasets that are gone; what is not heard, the sweep finds."""

    def __init__(self, bus: Bus, bell: BusBell, worker: Worker) -> None:
        self._bus = bus
        self._bell = bell
        self._worker = worker

    async def hear_bell(self) -> None:
        """Wake this replica's worker when a job waits, for ever."""
        await self._follow(subjects.measuring_requested(subjects.EVERY), self._wake)

    async def hear_erasures(self) -> None:
        """Forget the jobs of datasets that were erased, for ever."""
        await self._follow(subjects.recordings_erased(subjects.EVERY), self._forget)

    async def _wake(self, _: Message) -> None:
        self._bell.heard()

    async def _forget(self, message: Message) -> None:
        erased = convert.erased_from_pb(message.data)
        if not erased.record_ids:
            await self._worker.forget(erased.tenant, erased.dataset_id)

    async def _follow(self, subject: str, handle: Callable[[Message], Awaitable[None]]) -> None:
        while True:
            try:
                async with self._bus.subscribe(subject) as messages:
                    async for message in messages:
                        await handle(message)
            except PlatformError as error:
                _log.warning("events_unavailable", subject=subject, code=error.code.value, detail=error.detail)
            await asyncio.sleep(_RETRY_SECONDS)
