"""The bus over NATS: work queues in JetStream, events as plain messages."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NoStreamResponseError

from services.shared.errors import Unavailable
from services.shared.messaging import Handler, Message, WorkQueue, check_message
from services.shared.messaging.inbox import Inbox
from services.shared.messaging.jetstream_connection import Connection, translated
from services.shared.messaging.jetstream_consumer import Consumer, message_of
from services.shared.messaging.subjects import WORK_QUEUES
from services.shared.messaging.tasks import Tasks
from services.shared.settings import BusSettings

_DEDUP_HEADER: Final = "Nats-Msg-Id"


class JetStreamBus:
    """A Bus over NATS, which connects at its first call and reconnects for ever."""

    def __init__(self, settings: BusSettings, queues: Iterable[WorkQueue] = WORK_QUEUES) -> None:
        self._connection = Connection(settings, queues)
        self._tasks = Tasks()
        self._inboxes: set[Inbox] = set()

    async def publish(
        self, subject: str, data: bytes, *, dedup_id: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Publish one message: to its work queue, which confirms it, or to whoever subscribes."""
        check_message(subject, data)
        if self._connection.queue_of(subject) is None:
            client = await self._connection.client()
            async with translated():
                await client.publish(subject, data, headers=headers)
            return
        sent = dict(headers or {})
        if dedup_id is not None:
            sent[_DEDUP_HEADER] = dedup_id
        try:
            await self._enqueue(subject, data, sent)
        except NoStreamResponseError:
            self._connection.forget_streams()
            async with translated():
                await self._enqueue(subject, data, sent)

    @asynccontextmanager
    async def consume(
        self, queue: WorkQueue, handler: Handler, *, on_dead_letter: Handler | None = None, concurrency: int = 1
    ) -> AsyncIterator[None]:
        """Deliver the queue's messages to handler while the context is open, also when the server comes later."""
        consumer = Consumer(self._connection, queue, handler, on_dead_letter)
        async with self._tasks.running(consumer.run() for _ in range(concurrency)):
            yield

    @asynccontextmanager
    async def subscribe(self, subject: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Receive messages on a subject from now on."""
        inbox = Inbox(subject)

        async def receive(raw: Msg) -> None:
            inbox.offer(message_of(raw))

        client = await self._connection.client()
        async with translated():
            subscription = await client.subscribe(subject, cb=receive)
            await client.flush()
        self._inboxes.add(inbox)
        try:
            yield inbox
        finally:
            self._inboxes.discard(inbox)
            if not (client.is_closed or client.is_draining):
                async with translated():
                    await subscription.unsubscribe()

    async def ping(self) -> None:
        """Return if JetStream answers."""
        client = await self._connection.client()
        if not client.is_connected:
            raise Unavailable("The message bus is not connected; it is being sought.")
        async with translated():
            await (await self._connection.jetstream()).account_info()

    async def close(self) -> None:
        """Stop consuming, end every subscription, send what is not sent yet."""
        await self._tasks.close()
        await self._connection.close()
        for inbox in self._inboxes:
            inbox.end()

    async def _enqueue(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        jetstream = await self._connection.jetstream()
        try:
            await jetstream.publish(subject, data, headers=headers or None)
        except NoStreamResponseError:
            raise
        except (NatsError, OSError) as error:
            raise Unavailable("The message bus did not confirm the message; try again later.") from error
