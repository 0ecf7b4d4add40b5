"""Reading the signal of a record, where it is small enough."""

from typing import Final

from services.shared.ecg import Recording
from services.shared.errors import TooLarge
from services.shared.signals import SignalRef, recording
from services.signal_analysis.ports import Signals

MAX_ROW_BYTES: Final = 512 << 20
"""The largest recording that is read into memory."""


def too_large(ref: SignalRef) -> str:
    """Say why a signal is not read; empty where it is."""
    if ref.row_bytes <= MAX_ROW_BYTES:
        return ""
    return (
        f"A recording of {ref.row_bytes >> 20} MiB is not analysed: {MAX_ROW_BYTES >> 20} MiB are the most. "
        "Upload the part of interest as a recording of its own."
    )


async def read_whole(signals: Signals, ref: SignalRef) -> Recording:
    """Return the recording whose signal lies there; raises TooLarge."""
    if reason := too_large(ref):
        raise TooLarge(reason)
    return recording(await signals.read(ref), ref)
