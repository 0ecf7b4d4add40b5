"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import problem
from gateway.lifetime import Lifetime
from services.shared.errors import InvalidRequest, Unavailable

MEDIA_TYPE: Final = "text/event-stream"
RETRY_MS: Final = 2000
"""How long a browser waits before it connects again."""
_KEEP_ALIVE: Final = b": still here\n\n"
_MAX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is a JSON document."""

    id: str
    kind: str
    data: str


def encode(event: Event) -> bytes:
    """Return an event for the wire; line breaks within the data become lines of it."""
    data = "".join(f"data: {line}\n" for line in event.data.splitlines() or [""])
    return f"id: {event.id}\nevent: {event.kind}\n{data}\n".encode()


def after(last_event_id: str | None) -> int:
    """Return the number that a browser's Last-Event-ID names; 0 where it sends none."""
    if not last_event_id:
        return 0
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= _MAX_DIGITS):
        raise InvalidRequest("Last-Event-ID is the id of the last event that was received: a number.")
    return int(last_event_id)


async def converted(messages: AsyncGenerator[Any], convert: Callable[[Any], Event]) -> AsyncGenerator[Event]:
    """Yield messages as events."""
    async with aclosing(messages):
        async for message in messages:
            yield convert(message)


class Stream:
    """Events on their way to one client."""

    def __init__(self, events: AsyncGenerator[Event], path: str, lifetime: Lifetime, keep_alive_seconds: float) -> None:
        self._events = events
        self._path = path
        self._lifetime = lifetime
        self._keep_alive_seconds = keep_alive_seconds

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield events as they come, and a comment whenever there was none for a while.

        A failure after the first byte ends the stream with an event `problem`. Where the process ends, or a service is
        away for a while, it just ends: clients then connect again by themselves, and go on after their last event.
        """
        yield f"retry: {RETRY_MS}\n\n".encode()
        async with aclosing(self._events):
            try:
                async for chunk in self._kept_alive():
                    yield chunk
            except Unavailable:
                return
            except Exception as error:  # noqa: BLE001 the status is sent: the stream itself must tell
                yield f"event: problem\ndata: {json.dumps(problem(error, self._path))}\n\n".encode()

    async def _kept_alive(self) -> AsyncIterator[bytes]:
        ending = asyncio.ensure_future(self._lifetime.ending.wait())
        waiting = asyncio.ensure_future(anext(self._events, None))
        try:
            while not ending.done():
                await asyncio.wait(
                    {waiting, ending}, timeout=self._keep_alive_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if not waiting.done():
                    yield _KEEP_ALIVE
                    continue
                event = waiting.result()
                if event is None:
                    return
                waiting = asyncio.ensure_future(anext(self._events, None))
                yield encode(event)
        finally:
            waiting.cancel()
            ending.cancel()
            await asyncio.gather(waiting, ending, return_exceptions=True)
