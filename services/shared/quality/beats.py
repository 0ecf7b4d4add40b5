"""Where the QRS complexes are, and the typical beat of every lead: rough, fast, enough to judge by; numpy only."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal
from services.shared.quality.windows import averaged

BEAT_HZ: Final = 125.0
"""QRS complexes are found, and beats compared, at about this rate."""
BEFORE_S: Final = 0.32
AFTER_S: Final = 0.40
REFRACTORY_S: Final = 0.24
QRS_S: Final = 0.08
_SHARE: Final = 0.35
"""Of the typical largest slope per second: what a QRS complex reaches."""
_DEAD_MV: Final = 0.003
_MOST: Final = 8.0
"""One lead counts at most this many times its own mean slope, so that spikes of one lead make no beat."""


@dataclass(frozen=True, slots=True)
class Beats:
    """The QRS complexes of one window."""

    peaks_s: NDArray[np.float64]
    """Where the slope of all leads together is largest, in seconds."""
    typical: Signal | None
    """(leads, samples) the median beat from 0.32 s before to 0.40 s after, its PQ level at zero; None below 3 beats."""
    rate_hz: float

    def part(self, start_s: float, end_s: float) -> Signal:
        """Return a part of the typical beat, in seconds from the QRS complex."""
        if self.typical is None:
            raise ValueError("There is no typical beat.")
        first, last = (round((BEFORE_S + at) * self.rate_hz) for at in (start_s, end_s))
        return self.typical[:, first:last]


def find(signal: Signal, rate_hz: float) -> Beats:
    """Find the beats of (leads, samples)."""
    factor = max(1, round(rate_hz / BEAT_HZ))
    slow, hz = averaged(signal, factor), rate_hz / factor
    peaks = _peaks(_slope(slow, hz), hz)
    return Beats((peaks.astype(np.float64) + 0.5) / hz, _typical(slow, peaks, hz), hz)


def _slope(slow: Signal, hz: float) -> Signal:
    """Return how fast all leads move together, each against its own mean, smoothed over 80 ms."""
    lag = max(1, round(0.016 * hz))
    if slow.shape[1] <= 4 * lag:
        return np.zeros(slow.shape[1], dtype=np.float32)
    moved = np.abs(slow[:, 2 * lag :] - slow[:, : -2 * lag])
    mean = moved.mean(axis=1, keepdims=True)
    alive = mean[:, 0] > _DEAD_MV
    if not alive.any():
        return np.zeros(slow.shape[1], dtype=np.float32)
    together = np.minimum(moved[alive] / mean[alive], _MOST).mean(axis=0)
    width = max(1, round(QRS_S * hz))
    return np.convolve(np.pad(together, lag), np.full(width, 1 / width, dtype=np.float32), mode="same")


def _peaks(slope: Signal, hz: float) -> NDArray[np.int64]:
    second = max(1, round(hz))
    tops = [slope[start : start + second].max() for start in range(0, max(1, slope.size - second // 2), second)]
    level = max(_SHARE * float(np.median(tops)), 1e-6)
    inner = slope[1:-1]
    candidates = np.flatnonzero((inner >= slope[:-2]) & (inner > slope[2:]) & (inner > level)) + 1
    kept: list[int] = []
    for at in candidates.tolist():
        if not kept or at - kept[-1] >= REFRACTORY_S * hz:
            kept.append(at)
        elif slope[at] > slope[kept[-1]]:
            kept[-1] = at
    return np.asarray(kept, dtype=np.int64)


def _typical(slow: Signal, peaks: NDArray[np.int64], hz: float) -> Signal | None:
    before, after = round(BEFORE_S * hz), round(AFTER_S * hz)
    whole = peaks[(peaks >= before) & (peaks + after <= slow.shape[1])]
    if whole.size < 3:  # noqa: PLR2004 a median of two is no median
        return None
    beats = slow[:, whole[:, None] + np.arange(-before, after)]
    level = max(1, round(0.02 * hz))
    onset = before - round(QRS_S * hz)
    beats = beats - beats[:, :, onset - level : onset + 1].mean(axis=2, keepdims=True)
    typical: Signal = np.median(beats, axis=1)
    return typical
