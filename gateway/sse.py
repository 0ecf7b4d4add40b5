"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import problem
from services.shared.errors import InvalidRequest

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


async def stream(events: AsyncGenerator[Event], keep_alive_seconds: float, path: str) -> AsyncIterator[bytes]:
    """Yield events as they come, and a comment whenever there was none for a while.

    A failure after the first byte ends the stream with an event `problem`; the client may connect again.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    async with aclosing(events):
        try:
            async for chunk in _kept_alive(events, keep_alive_seconds):
                yield chunk
        except Exception as error:  # noqa: BLE001 the status is sent: the stream itself must tell
            yield encode(Event(id="", kind="problem", data=json.dumps(problem(error, path)))).removeprefix(b"id: \n")


async def _kept_alive(events: AsyncGenerator[Event], keep_alive_seconds: float) -> AsyncIterator[bytes]:
    waiting = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=keep_alive_seconds)
            if not done:
                yield _KEEP_ALIVE
                continue
            event = waiting.result()
            if event is None:
                return
            waiting = asyncio.ensure_future(anext(events, None))
            yield encode(event)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
