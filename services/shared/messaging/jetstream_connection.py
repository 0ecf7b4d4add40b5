"""One connection to NATS, made when it is first needed and kept for ever after."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api
from nats.js.errors import BadRequestError

from services.shared.errors import Unavailable
from services.shared.messaging import DEDUP_SECONDS, MAX_MESSAGE_BYTES, WorkQueue
from services.shared.observability.logs import get_logger
from services.shared.settings import BusSettings

_CONNECT_SECONDS: Final = 5
_ATTEMPT_SECONDS: Final = 2
_CALL_SECONDS: Final = 5.0
_RECONNECT_SECONDS: Final = 0.25
_PING_SECONDS: Final = 5
"""A server that answered two of these in a row with silence is gone, whatever the connection says."""
_MAX_WAITING: Final = 1_000_000
_STREAM_EXISTS_OTHERWISE: Final = 10058
_log = get_logger(__name__)


class Connection:
    """Gives a connected client whose work queues exist."""

    def __init__(self, settings: BusSettings, queues: Iterable[WorkQueue]) -> None:
        self._settings = settings
        self._queues = {queue.subject: queue for queue in queues}
        self._made: set[str] = set()
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self._closed = False
        self._last_error = ""

    def queue_of(self, subject: str) -> WorkQueue | None:
        """Return the work queue behind a subject, if there is one."""
        return self._queues.get(subject)

    async def client(self) -> Client:
        """Return the client, which may be reconnecting; raises Unavailable where it never connected."""
        async with self._opening:
            if self._closed:
                raise Unavailable("The bus is closed, for the process is about to end.")
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
            for queue in self._queues.values():
                if queue.subject not in self._made:
                    await self._make_stream(self._client, queue)
            return self._client

    async def jetstream(self) -> JetStreamContext:
        """Return JetStream over the connection."""
        return (await self.client()).jetstream(timeout=_CALL_SECONDS)

    async def add(self, queue: WorkQueue) -> None:
        """Make one more work queue, now and whenever the server has lost it."""
        self._queues.setdefault(queue.subject, queue)
        await self.client()

    def forget_streams(self) -> None:
        """Make the work queues anew at the next call: a server may come back without what it held."""
        self._made.clear()

    async def close(self) -> None:
        """Send what is not sent yet, and close."""
        async with self._opening:
            self._closed = True
            client, self._client = self._client, None
        if client is None or client.is_closed:
            return
        with contextlib.suppress(NatsError, OSError):  # A server that goes away meanwhile has the same end.
            await (client.drain() if client.is_connected else client.close())

    async def _connect(self) -> Client:
        client = Client()
        ca_file, credentials = self._settings.ca_file, self._settings.credentials_file
        try:
            # The client itself would wait for ever on a server whose certificate it refuses.
            async with translated(), asyncio.timeout(_CONNECT_SECONDS):
                await client.connect(
                    (self._settings.url or "").split(","),
                    name="einthoven",
                    error_cb=self._on_error,
                    reconnected_cb=self._on_reconnected,
                    connect_timeout=_ATTEMPT_SECONDS,
                    reconnect_time_wait=0,
                    max_reconnect_attempts=1,
                    drain_timeout=_CONNECT_SECONDS,
                    ping_interval=_PING_SECONDS,
                    tls=ssl.create_default_context(cafile=ca_file) if ca_file else None,
                    user_credentials=str(credentials) if credentials else None,
                )
        except BaseException:
            with contextlib.suppress(TimeoutError, NatsError, OSError):  # What never opened need not close well.
                async with asyncio.timeout(_ATTEMPT_SECONDS):
                    await client.close()
            raise
        # The first connection fails soon, so that who starts the platform is told; a lost one is sought for ever.
        client.options.update(max_reconnect_attempts=-1, reconnect_time_wait=_RECONNECT_SECONDS)
        return client

    async def _on_error(self, error: Exception) -> None:
        # The same attempt fails in the same way, several times a second, until the server is back.
        if str(error) != self._last_error:
            self._last_error = str(error)
            _log.warning("bus_error", error=str(error))

    async def _on_reconnected(self) -> None:
        self._last_error = ""
        _log.info("bus_reconnected")
        self.forget_streams()

    async def _make_stream(self, client: Client, queue: WorkQueue) -> None:
        config = api.StreamConfig(
            name=queue.name,
            subjects=[queue.subject],
            retention=api.RetentionPolicy.WORK_QUEUE,
            discard=api.DiscardPolicy.NEW,
            storage=api.StorageType.FILE,
            num_replicas=self._settings.replicas,
            max_msgs=_MAX_WAITING,
            max_msg_size=2 * MAX_MESSAGE_BYTES,
            duplicate_window=DEDUP_SECONDS,
        )
        async with translated():
            try:
                await client.jetstream(timeout=_CALL_SECONDS).add_stream(config)
            except BadRequestError as error:
                # Who runs the server may have given it replicas or limits of its own.
                if error.err_code != _STREAM_EXISTS_OTHERWISE:
                    raise
        self._made.add(queue.subject)


@contextlib.asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn what the client raises into Unavailable."""
    try:
        yield
    except (TimeoutError, NatsError, OSError) as error:
        raise Unavailable("The message bus does not answer as it should; try again later.") from error
