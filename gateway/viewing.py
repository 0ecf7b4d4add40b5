"""Ready views: what was answered a moment ago is answered again without asking the services each time.

A view belongs to one department and the roles of one caller, who has been authenticated before anything is looked up
here. For `fresh_seconds` it is given out as it is; after that signal analysis is asked whether it still stands, which
asks ingest whether the record does. So an erased record's view is given out for no longer than that, and is gone from
memory `kept_seconds` after it was last asked for. Many who want the same at once cause one question.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace

from gateway.settings import ViewSettings
from services.shared.caching import ShortMemory
from services.shared.errors import Internal
from services.shared.identity import Caller


@dataclass(frozen=True, slots=True)
class Ready:
    """One answer, whole."""

    data: bytes
    media_type: str
    etag: str
    """As the service named it."""
    file_name: str = ""
    asked_at: float = 0.0


Ask = Callable[[str], Awaitable[Ready | None]]
"""Asks the services for a view; None where the one with this etag still stands."""


class ReadyViews:
    """What was answered a moment ago."""

    def __init__(self, settings: ViewSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._fresh_seconds = settings.fresh_seconds
        self._clock = clock
        self._kept = ShortMemory[Ready](max_bytes=settings.kept_bytes, seconds=settings.kept_seconds, clock=clock)
        self._asking: dict[Hashable, asyncio.Task[Ready]] = {}

    async def look(self, caller: Caller, wanted: Hashable, ask: Ask) -> Ready:
        """Return a view of the caller's department; raises what the services raise."""
        key = (caller.tenant, caller.roles, wanted)
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.asked_at < self._fresh_seconds:
            return kept
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, kept, ask))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        # One of many who wait may go away; the others still want it.
        return await asyncio.shield(asking)

    async def sweeping(self) -> None:
        """Forget what is past its time, until cancelled."""
        await self._kept.sweeping()

    def forget(self, caller: Caller) -> None:
        """Forget every view of a department, because something of it is being erased."""
        self._kept.drop_if(lambda key: isinstance(key, tuple) and key[0] == caller.tenant)

    async def _ask(self, key: Hashable, kept: Ready | None, ask: Ask) -> Ready:
        asked_at = self._clock()
        try:
            answer = await ask(kept.etag if kept else "")
        except Exception:
            self._kept.drop(key)
            raise
        ready = replace(answer or _same(kept), asked_at=asked_at)
        self._kept.put(key, ready, len(ready.data))
        return ready


def _same(kept: Ready | None) -> Ready:
    if kept is None:
        raise Internal("Signal analysis answered that a view stands which nobody has named.")
    return kept
