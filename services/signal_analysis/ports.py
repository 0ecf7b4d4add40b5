"""What signal analysis needs of the world."""

from typing import Protocol

from services.shared.ecg import Signal
from services.shared.identity import Caller
from services.shared.signals import SignalRef


class Records(Protocol):
    """Knows where the signal of a record lies."""

    async def signal_of(self, caller: Caller, record_id: str) -> SignalRef:
        """Return the place of a record's signal; raises NotFound where it is not the caller's."""
        ...


class Signals(Protocol):
    """Reads stored signals."""

    async def read(self, ref: SignalRef) -> Signal:
        """Return the signal (leads, samples), millivolt."""
        ...
