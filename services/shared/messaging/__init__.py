"""The bus port: a doorbell between services, in the process or over NATS JetStream.

The database is the record of work; a message only says that there is some. A lost message is found again by a sweep, a
repeated one does nothing. Each adapter lives in a file beside this one and passes the same contract suite.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from services.shared.errors import InvalidRequest, TooLarge

MAX_MESSAGE_BYTES = 512 << 10
"""Larger things go to the object store, and their key into the message."""

DEDUP_SECONDS = 120.0
"""How long a work queue remembers the ids of its messages."""

_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def check_message(subject: str, data: bytes) -> None:
    """Raise InvalidRequest where the subject is not one, and TooLarge where the message is."""
    if not _SUBJECT.fullmatch(subject):
        raise InvalidRequest(f"{subject[:80]!r} is not a subject to publish on.")
    if len(data) > MAX_MESSAGE_BYTES:
        raise TooLarge(f"A message has at most {MAX_MESSAGE_BYTES} bytes, not {len(data)}.")


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
        """Publish one message.

        On a work queue's subject it is kept until consumed, and a second one with the same dedup_id within two minutes
        is dropped. On every other subject it reaches whoever subscribes now, and dedup_id is of no effect. Raises
        TooLarge beyond MAX_MESSAGE_BYTES.
        """
        ...

    def consume(
        self, queue: WorkQueue, handler: Handler, *, on_dead_letter: Handler | None = None, concurrency: int = 1
    ) -> AbstractAsyncContextManager[None]:
        """Deliver the queue's messages to handler while the context is open.

        While a handler runs the message is kept in progress from the event loop; compute belongs in a thread or
        process. After max_deliveries the message goes to on_dead_letter (which writes a row) and leaves the queue.
        A handler that still runs when the context closes is cancelled, and its message delivered again.
        """
        ...

    def subscribe(self, subject: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Receive messages on a subject (`*` and `>` wildcards) from now on, a copy for every subscriber.

        Nothing is acknowledged or repeated: a subscriber that is away or too slow loses messages.
        """
        ...

    async def ping(self) -> None:
        """Return if messages can be published; raise Unavailable if not."""
        ...

    async def close(self) -> None:
        """Stop consuming and release connections."""
        ...
