"""Decoded ECGs wait a moment for each other, so that they share shards and transactions."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.ingest.catalog.ledger import Committed
from services.ingest.records import Instance, NewRecord
from services.shared.ecg import Signal

MAX_RECORDS: Final = 256
MAX_BYTES: Final = 16 << 20
MAX_WAIT_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 0.03
"""When nothing more has come for this long, nobody is kept waiting."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An ECG whose original is written; its signal is next."""

    record: NewRecord
    """With a reference to a shard of its own, which it has if nobody shares it."""
    signal: Signal
    instance: Instance | None = None
    """What it calls itself, where it came as DICOM."""


@dataclass(slots=True)
class Held:
    """The bytes of signals that wait or are being written, in all uploads together."""

    size_bytes: int = 0

    @property
    def is_much(self) -> bool:
        """Say whether it is time to write, however few wait in one upload."""
        return self.size_bytes >= MAX_BYTES


Flush = Callable[[Sequence[Ready]], Awaitable[Sequence[Committed]]]


class Batch:
    """Collects what is ready and has it flushed: when full, when quiet, when waited for a second, or when told."""

    def __init__(self, flush: Flush, held: Held, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._flush = flush
        self._held = held
        self._is_busy = is_busy
        self._waiting: list[tuple[Ready, asyncio.Future[Committed]]] = []
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, ready: Ready) -> Committed:
        """Wait until the ECG is durable; raises what the flush raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Committed] = loop.create_future()
        if not self._waiting:
            self._since = loop.time()
        self._waiting.append((ready, future))
        self._held.size_bytes += ready.signal.nbytes
        if len(self._waiting) >= MAX_RECORDS or self._held.is_much:
            self.flush_now()
        else:
            self._set_timer(loop)
        return await future

    def flush_now(self) -> None:
        """Flush whatever waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            task = asyncio.create_task(self._run(self._waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._waiting = []

    async def close(self) -> None:
        """Let go of what waits; what is being flushed comes to its end."""
        if self._timer is not None:
            self._timer.cancel()
        self._let_go(self._waiting)
        self._waiting = []
        await asyncio.gather(*self._tasks)

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = min(self._since + MAX_WAIT_SECONDS, loop.time() + QUIET_SECONDS)
        self._timer = loop.call_at(due, self._due, loop)

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        """Flush, unless more is about to come and the first has not waited for long."""
        if self._is_busy() and loop.time() < self._since + MAX_WAIT_SECONDS:
            self._set_timer(loop)
        else:
            self.flush_now()

    def _let_go(self, batch: Sequence[tuple[Ready, object]]) -> None:
        self._held.size_bytes -= sum(ready.signal.nbytes for ready, _ in batch)

    async def _run(self, batch: list[tuple[Ready, asyncio.Future[Committed]]]) -> None:
        try:
            done = await self._flush([ready for ready, _ in batch])
        except Exception as error:  # noqa: BLE001 whoever waits for the flush is told, whatever it is
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        finally:
            self._let_go(batch)
        for (_, future), committed in zip(batch, done, strict=True):
            if not future.done():
                future.set_result(committed)
