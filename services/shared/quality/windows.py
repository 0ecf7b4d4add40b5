"""Which parts of a recording are judged, and how they are laid out for it; numpy only.

The work is bounded: of a recording longer than 15 s at most twelve stretches of 10 s are judged, evenly spread.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal

WINDOW_S: Final = 10.0
MAX_WINDOWS: Final = 12
MAX_VALUES: Final = 6_000_000
"""Samples of all leads and windows together, so that a high rate or many channels cost no more."""
JUDGED_HZ: Final = 500.0
"""Faster recordings are averaged down to between this and twice this; only pacing is looked for at the native rate."""


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of a recording, ready to be measured."""

    native: Signal
    """(leads, samples) at the native rate, gaps bridged by straight lines."""
    native_hz: float
    signal: Signal
    """(leads, samples) at the judged rate, the mean of each lead removed."""
    rate_hz: float
    missing: NDArray[np.bool_]
    """(leads, samples) at the native rate; empty where nothing is missing."""

    @property
    def seconds(self) -> float:
        """The length."""
        return float(self.native.shape[1] / self.native_hz)


def stretches(shape: tuple[int, ...], rate_hz: float) -> list[slice]:
    """Return the samples that are judged: all of them, or evenly spread windows of 10 s."""
    leads, samples = shape
    length = max(2, round(WINDOW_S * rate_hz))
    if samples <= length * 1.5:
        return [slice(0, min(samples, MAX_VALUES // leads))]
    length = min(length, MAX_VALUES // leads)
    count = max(1, min(MAX_WINDOWS, samples // length, MAX_VALUES // (leads * length)))
    starts = np.linspace(0, samples - length, count).astype(int)
    return [slice(start, start + length) for start in starts.tolist()]


def window(signal: Signal, rate_hz: float) -> Window:
    """Return one stretch (leads, samples) with its gaps bridged, and again at the judged rate."""
    signal = np.ascontiguousarray(signal, dtype=np.float32)
    missing = np.isnan(signal) if np.isnan(np.dot(signal.ravel(), signal.ravel())) else np.empty((0, 0), dtype=np.bool_)
    native = _bridged(signal, missing) if missing.size and missing.any() else signal
    factor = max(1, int(rate_hz / JUDGED_HZ))
    judged = averaged(native, factor)
    judged = judged - judged.mean(axis=1, keepdims=True)
    return Window(native, rate_hz, judged, rate_hz / factor, missing)


def averaged(signal: Signal, factor: int) -> Signal:
    """Return the means of every `factor` neighbouring samples."""
    count = signal.shape[1] // factor
    if factor == 1 or count == 0:
        return signal
    total = signal[:, 0 : count * factor : factor].copy()
    for offset in range(1, factor):
        total += signal[:, offset : count * factor : factor]
    total *= np.float32(1 / factor)
    return total


def _bridged(signal: Signal, missing: NDArray[np.bool_]) -> Signal:
    filled = signal.copy()
    at = np.arange(signal.shape[1])
    for row, gone in zip(filled, missing, strict=True):
        if gone.all():
            row[:] = 0
        elif gone.any():
            row[gone] = np.interp(at[gone], at[~gone], row[~gone])
    return filled
