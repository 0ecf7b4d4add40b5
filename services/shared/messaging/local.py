"""The bus inside one process: the embedded default."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from services.shared.errors import Unavailable
from services.shared.messaging import DEDUP_SECONDS, Handler, Message, WorkQueue, check_message
from services.shared.messaging.clock import Clock, SystemClock
from services.shared.messaging.delivery import deliver
from services.shared.messaging.inbox import Inbox
from services.shared.messaging.subjects import WORK_QUEUES, matches
from services.shared.messaging.tasks import Tasks

_MAX_WAITING: Final = 100_000


class LocalBus:
    """A Bus whose messages live as long as the process: work that was queued is found again by its owner's sweep."""

    def __init__(self, queues: Iterable[WorkQueue] = WORK_QUEUES, *, clock: Clock | None = None) -> None:
        self._backlogs = {queue.subject: _Backlog() for queue in queues}
        self._inboxes: set[Inbox] = set()
        self._tasks = Tasks()
        self._clock = clock or SystemClock()
        self._closed = False

    async def publish(
        self, subject: str, data: bytes, *, dedup_id: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Publish one message to its queue, if any, and to whoever subscribes."""
        check_message(subject, data)
        await self.ping()
        message = Message(subject, data, dict(headers or {}))
        backlog = self._backlogs.get(subject)
        if backlog is not None:
            backlog.add(message, dedup_id, self._clock.now())
        for inbox in self._inboxes:
            if matches(inbox.subject, subject):
                inbox.offer(message)

    @asynccontextmanager
    async def consume(
        self, queue: WorkQueue, handler: Handler, *, on_dead_letter: Handler | None = None, concurrency: int = 1
    ) -> AsyncIterator[None]:
        """Deliver the queue's messages to handler while the context is open."""
        await self.ping()
        backlog = self._backlogs.setdefault(queue.subject, _Backlog())
        workers = (self._work(backlog, queue, handler, on_dead_letter) for _ in range(concurrency))
        async with self._tasks.running(workers):
            yield

    @asynccontextmanager
    async def subscribe(self, subject: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Receive messages on a subject from now on."""
        await self.ping()
        inbox = Inbox(subject)
        self._inboxes.add(inbox)
        try:
            yield inbox
        finally:
            self._inboxes.discard(inbox)

    async def ping(self) -> None:
        """Return unless the bus is closed."""
        if self._closed:
            raise Unavailable("The bus is closed, for the process is about to end.")

    async def close(self) -> None:
        """Stop consuming and end every subscription."""
        self._closed = True
        await self._tasks.close()
        for inbox in self._inboxes:
            inbox.end()

    async def _work(
        self, backlog: "_Backlog", queue: WorkQueue, handler: Handler, on_dead_letter: Handler | None
    ) -> None:
        while True:
            message = await backlog.waiting.get()
            again = replace(message, delivery=message.delivery + 1)
            try:
                done = await deliver(message, queue, handler, on_dead_letter)
            except asyncio.CancelledError:
                backlog.waiting.put_nowait(again)
                raise
            if not done:
                self._tasks.start(self._return(backlog, again, queue.redelivery_delay_seconds))

    async def _return(self, backlog: "_Backlog", message: Message, delay_seconds: float) -> None:
        await self._clock.sleep(delay_seconds)
        backlog.waiting.put_nowait(message)


class _Backlog:
    """What waits in one queue, and which ids came lately."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Message] = asyncio.Queue()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def add(self, message: Message, dedup_id: str | None, now: float) -> None:
        """Queue the message unless its id came within the window."""
        if self.waiting.qsize() >= _MAX_WAITING:
            raise Unavailable("Too many messages wait in the queue; try again when some are done.")
        while self._seen and next(iter(self._seen.values())) <= now - DEDUP_SECONDS:
            self._seen.popitem(last=False)
        if dedup_id is not None:
            if dedup_id in self._seen:
                return
            self._seen[dedup_id] = now
        self.waiting.put_nowait(message)
