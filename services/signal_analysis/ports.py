"""What signal analysis needs of the world."""

from dataclasses import dataclass
from typing import Protocol

from services.shared.ecg import Signal
from services.shared.identity import Caller
from services.shared.signals import SignalRef


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record before its signal is read."""

    signal: SignalRef
    sha256: str = ""
    """Of the original bytes."""
    recorded: str = ""
    """When it was recorded (ISO 8601), as the file states it; empty where it states nothing."""
    device_filter: str = ""
    """What the device had filtered, in words; empty where the file does not say."""


class Records(Protocol):
    """Knows where the signal of a record lies."""

    async def known(self, caller: Caller, record_id: str) -> Known:
        """Return what is known of a record; raises NotFound where it is not the caller's."""
        ...


class Signals(Protocol):
    """Reads stored signals."""

    async def read(self, ref: SignalRef) -> Signal:
        """Return the signal (leads, samples), millivolt."""
        ...
