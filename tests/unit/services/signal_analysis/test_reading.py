"""Signals are read where they are small enough."""

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.errors import TooLarge
from services.shared.signals import SignalRef
from services.signal_analysis.reading import MAX_ROW_BYTES, read_whole, too_large

MOST = MAX_ROW_BYTES // 4 // len(STANDARD_LEADS)
"""Samples of a lead."""


class Zeros:
    """Reads what was never written."""

    def __init__(self) -> None:
        self.reads = 0

    async def read(self, ref: SignalRef) -> Signal:
        self.reads += 1
        return np.zeros((len(ref.leads), ref.samples), np.float32)


def ref(samples: int) -> SignalRef:
    return SignalRef("signals/cardiology/d/1.npy", 0, STANDARD_LEADS, samples, 500.0)


async def test_a_recording_is_read_with_its_leads_and_rate() -> None:
    whole = await read_whole(Zeros(), ref(5000))

    assert (whole.leads, whole.rate_hz, whole.signal.shape) == (STANDARD_LEADS, 500.0, (12, 5000))


async def test_what_is_too_large_is_not_read() -> None:
    signals = Zeros()

    with pytest.raises(TooLarge, match=r"512 MiB are the most\. Upload the part of interest"):
        await read_whole(signals, ref(MOST + 1))

    assert signals.reads == 0
    assert too_large(ref(MOST)) == ""
