"""One consumer of a work queue in JetStream."""

import asyncio
import contextlib
from typing import Final

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext, api
from nats.js.errors import FetchTimeoutError

from services.shared.errors import Unavailable
from services.shared.messaging import Handler, Message, WorkQueue
from services.shared.messaging.delivery import deliver
from services.shared.messaging.jetstream_connection import Connection, translated
from services.shared.observability.logs import get_logger

_PULL_SECONDS: Final = 2.0
_HEARTBEAT_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 0.5
_log = get_logger(__name__)


class Consumer:
    """Pulls one message at a time, keeps it in progress, acknowledges it."""

    def __init__(
        self, connection: Connection, queue: WorkQueue, handler: Handler, on_dead_letter: Handler | None
    ) -> None:
        self._connection = connection
        self._queue = queue
        self._handler = handler
        self._on_dead_letter = on_dead_letter

    async def run(self) -> None:
        """Consume until cancelled, over every interruption."""
        told = ""
        while True:
            try:
                async with translated():
                    await self._consume()
                told = ""
            except Unavailable as error:
                reason = str(error.__cause__ or error)
                if reason != told:
                    _log.warning("consumer_interrupted", queue=self._queue.name, error=reason)
                    told = reason
                await asyncio.sleep(_RETRY_SECONDS)

    async def _consume(self) -> None:
        """Subscribe and pull until the server gives no sign of life: its restart may have ended the subscription."""
        subscription = await self._subscribe()
        try:
            while True:
                try:
                    [raw] = await subscription.fetch(1, timeout=_PULL_SECONDS, heartbeat=_HEARTBEAT_SECONDS)
                except FetchTimeoutError:
                    continue
                except NatsTimeoutError:
                    return
                await self._handle(raw)
        finally:
            with contextlib.suppress(NatsError):  # The connection may be gone, and the subscription with it.
                await subscription.unsubscribe()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        await self._connection.add(self._queue)
        jetstream = await self._connection.jetstream()
        # Deliveries are counted here and not by the server, which would keep a dead message and tell of it only once.
        await jetstream.add_consumer(
            self._queue.name,
            api.ConsumerConfig(
                durable_name=self._queue.name,
                ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=self._queue.ack_wait_seconds,
                max_deliver=-1,
            ),
        )
        return await jetstream.pull_subscribe_bind(consumer=self._queue.name, stream=self._queue.name)

    async def _handle(self, raw: Msg) -> None:
        beating = asyncio.create_task(self._keep_in_progress(raw))
        try:
            done = await deliver(message_of(raw), self._queue, self._handler, self._on_dead_letter)
        except asyncio.CancelledError:
            with contextlib.suppress(NatsError):  # Without it the message comes again after its ack wait.
                await raw.nak()
            raise
        finally:
            beating.cancel()
        if done:
            await raw.ack()
        else:
            await raw.nak(delay=self._queue.redelivery_delay_seconds)

    async def _keep_in_progress(self, raw: Msg) -> None:
        while True:
            await asyncio.sleep(self._queue.ack_wait_seconds / 3)
            try:
                await raw.in_progress()
            except NatsError as error:
                _log.warning("heartbeat_failed", queue=self._queue.name, error=str(error))


def message_of(raw: Msg) -> Message:
    """Return what a consumer sees of a message; the headers of NATS itself are left out."""
    headers = {name: value for name, value in (raw.headers or {}).items() if not name.startswith("Nats-")}
    delivery = raw.metadata.num_delivered if raw.reply.startswith("$JS.ACK") else 1
    return Message(raw.subject, raw.data, headers, delivery)
