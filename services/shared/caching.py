"""What was made before, kept for a short while within a bound of bytes."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")
SWEEP_SECONDS: Final = 5.0
"""How long a value may outlive its time in memory; it is not given out meanwhile."""


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    size: int
    until: float


class ShortMemory(Generic[Value]):
    """Keeps values for so many seconds at most, and no more than so many bytes; the one unused longest goes first.

    Whoever uses it puts everything that a value depends on into its key, the department first of all.
    """

    def __init__(self, *, max_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()
        self.size = 0
        """Bytes that are kept."""

    def get(self, key: Hashable) -> Value | None:
        """Return a value that is still in its time."""
        kept = self._kept.get(key)
        if kept is None or kept.until < self._clock():
            return None
        self._kept.move_to_end(key)
        return kept.value

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value; one that is larger than a quarter of the bound is not worth all the others."""
        self.drop(key)
        if size > self._max_bytes // 4:
            return
        self._kept[key] = _Kept(value, size, self._clock() + self._seconds)
        self.size += size
        while self.size > self._max_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        kept = self._kept.pop(key, None)
        self.size -= 0 if kept is None else kept.size

    def drop_if(self, holds: Callable[[Hashable], bool]) -> None:
        """Forget the values whose key fulfils a condition."""
        for key in [key for key in self._kept if holds(key)]:
            self.drop(key)

    def sweep(self) -> None:
        """Forget what is past its time."""
        now = self._clock()
        for key in [key for key, kept in self._kept.items() if kept.until < now]:
            self.drop(key)

    async def sweeping(self) -> None:
        """Forget what is past its time, again and again until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep()
