"""The bus port: a doorbell between services, in the process or over NATS JetStream.

The database is the record of work; a message only says that there is some. A lost message is found again by a sweep, a
repeated one does nothing. Each adapter lives in a file beside this one and passes the same contract suite.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a consumer sees it."""

    subject: str
    data: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delivery: int = 1
    """1 for the first delivery, 2 for the first redelivery, …"""


Handler = Callable[[Message], Awaitable[None]]
"""Handles one message: returning acknowledges it, raising has it delivered again."""


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """How one durable work queue behaves: each message goes to exactly one consumer of the queue."""

    name: str
    """The durable name, also the consumer group."""
    subject: str
    ack_wait_seconds: float = 30.0
    """Redelivered when neither acknowledged nor reported in progress for this long."""
    max_deliveries: int = 5
    """After this many failed deliveries the message goes to the dead letters."""
    redelivery_delay_seconds: float = 1.0


class Bus(Protocol):
    """Publishes messages and delivers them. Every method may raise Unavailable."""

    async def publish(
        self, subject: str, data: bytes, *, dedup_id: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Publish one message; a second one with the same dedup_id within two minutes is dropped."""
        ...

    def consume(
        self, queue: WorkQueue, handler: Handler, *, on_dead_letter: Handler | None = None, concurrency: int = 1
    ) -> AbstractAsyncContextManager[None]:
        """Deliver the queue's messages to handler while the context is open.

        While a handler runs the message is kept in progress from the event loop; compute belongs in a thread or process.
        After max_deliveries the message goes to on_dead_letter (which writes a row) and leaves the queue.
        """
        ...

    def subscribe(self, subject: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Receive messages on a subject (`*` and `>` wildcards) from now on, unacknowledged, a copy for every subscriber."""
        ...

    async def ping(self) -> None:
        """Return if messages can be published; raise Unavailable if not."""
        ...

    async def close(self) -> None:
        """Stop consuming and release connections."""
        ...
