"""Ready views: what was answered a moment ago is answered again without asking the services each time.

A view belongs to one department and the roles of one caller, who has been authenticated before anything is looked up
here. For `fresh_seconds` at most it is given out as it is; then signal analysis is asked whether it still stands, which
asks ingest whether the record does. So an erased record's view is given out for no longer than that, and is gone from
memory `kept_seconds` after it was last asked for. Many who want the same at once cause one question.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

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
LANES: Final = 4096
"""Addresses that are remembered."""
AHEAD: Final = 0.5
"""The share of its fresh time after which a view is asked for again while it is still answered."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What an address stands for."""

    key: Hashable
    ask: Ask
    route: object
    """Of the framework: metrics are named after it."""


class ReadyViews:
    """What was answered a moment ago."""

    def __init__(self, settings: ViewSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._fresh_seconds = settings.fresh_seconds
        self._clock = clock
        self._kept = ShortMemory[Ready](max_bytes=settings.kept_bytes, seconds=settings.kept_seconds, clock=clock)
        self._lanes = ShortMemory[Lane](max_bytes=LANES << 10, seconds=settings.kept_seconds, clock=clock)
        self._asking: dict[Hashable, asyncio.Task[Ready]] = {}

    async def look(self, caller: Caller, wanted: Hashable, ask: Ask) -> Ready:
        """Return a view of the caller's department; raises what the services raise."""
        key = _key(caller, wanted)
        kept = self._kept.get(key)
        if kept is not None and self._age(kept) < self._fresh_seconds:
            return kept
        # One of many who wait may go away; the others still want it.
        return await asyncio.shield(self._asked(key, kept, ask))

    def pave(self, caller: Caller, address: Hashable, lane: tuple[Hashable, Ask, object]) -> None:
        """Remember what an address of the caller's stands for, so that `ready` finds it without reading the address."""
        wanted, ask, route = lane
        self._lanes.put(_key(caller, address), Lane(_key(caller, wanted), ask, route), 1 << 10)

    def ready(self, caller: Caller, address: Hashable) -> tuple[Ready, object] | None:
        """Return what an address of the caller's was answered a moment ago, and its route.

        Past half of its time the services are asked meanwhile, so that nobody waits for them who comes often.
        """
        lane = self._lanes.get(_key(caller, address))
        kept = None if lane is None else self._kept.get(lane.key)
        if lane is None or kept is None or (age := self._age(kept)) >= self._fresh_seconds:
            return None
        if age > AHEAD * self._fresh_seconds:
            self._asked(lane.key, kept, lane.ask)
        return kept, lane.route

    async def sweeping(self) -> None:
        """Forget what is past its time, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kept.sweeping())
            group.create_task(self._lanes.sweeping())

    def forget(self, caller: Caller) -> None:
        """Forget every view of a department, because something of it was erased."""
        self._kept.drop_if(lambda key: isinstance(key, tuple) and key[0] == caller.tenant)

    def _age(self, kept: Ready) -> float:
        return self._clock() - kept.asked_at

    def _asked(self, key: Hashable, kept: Ready | None, ask: Ask) -> asyncio.Task[Ready]:
        """Return the question about a view: the one under way, or a new one."""
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, kept, ask))
            asking.add_done_callback(lambda done: self._answered(key, done))
        return asking

    def _answered(self, key: Hashable, asking: asyncio.Task[Ready]) -> None:
        self._asking.pop(key, None)
        if not asking.cancelled() and asking.exception() is not None:
            # Whoever waits is told by the task itself; the next one asks anew.
            self._kept.drop(key)

    async def _ask(self, key: Hashable, kept: Ready | None, ask: Ask) -> Ready:
        asked_at = self._clock()
        ready = replace(await ask(kept.etag if kept else "") or _same(kept), asked_at=asked_at)
        self._kept.put(key, ready, len(ready.data))
        return ready


def _key(caller: Caller, wanted: Hashable) -> Hashable:
    return caller.tenant, caller.roles, wanted


def _same(kept: Ready | None) -> Ready:
    if kept is None:
        raise Internal("Signal analysis answered that a view stands which nobody has named.")
    return kept
