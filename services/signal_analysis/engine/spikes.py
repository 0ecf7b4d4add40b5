"""Pacing spikes: sharper than any wave of the heart. They are found, and taken out before anything else is measured."""

from typing import Final

import numpy as np
from scipy.signal import find_peaks

from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.engine.velocity import Places

LEAST_MV: Final = 0.2
_HALF_MS: Final = 6.0
"""A spike stands out from what lies this far to both sides."""
_BESIDE_MS: Final = 16.0
_QUIET_MS: Final = 40.0
"""Nothing half as high as a spike comes before it: notches of a QRS have the QRS before them."""
_REMOVED_MS: Final = 8.0
_STEEP: Final = 0.35
_HIGH_MV: Final = 0.1


def find_spikes(signal: Samples) -> Places:
    """Return the samples of pacing spikes in (leads, samples) at 500 Hz."""
    near, far = of_ms(_HALF_MS), of_ms(_BESIDE_MS)
    if signal.shape[1] <= 2 * far:
        return np.empty(0, np.int64)
    left, right = signal - _shifted(signal, near), signal - _shifted(signal, -near)
    height = np.where(np.sign(left) == np.sign(right), np.minimum(np.abs(left), np.abs(right)), 0.0)
    before = np.abs(_shifted(signal, near) - _shifted(signal, far))
    after = np.abs(_shifted(signal, -near) - _shifted(signal, -far))
    sharp = (height > _HIGH_MV) & (np.maximum(before, after) < _STEEP * height)
    score = np.where(sharp, height, 0.0).max(axis=0)
    found, _ = find_peaks(score, distance=of_ms(10), height=LEAST_MV)
    quiet = [at for at in found if _comes_from_quiet(signal, int(at), float(score[at]))]
    return np.array(quiet, np.int64)


def despiked(signal: Samples, spikes: Places) -> Samples:
    """Return the signal with a straight line in place of every spike."""
    cleaned, half = signal.copy(), of_ms(_REMOVED_MS)
    for at in spikes:
        first, last = max(0, at - half), min(signal.shape[1] - 1, at + half)
        way = np.linspace(0, 1, last - first + 1)
        cleaned[:, first : last + 1] = cleaned[:, [first]] * (1 - way) + cleaned[:, [last]] * way
    return cleaned


def _shifted(signal: Samples, by: int) -> Samples:
    """Return the signal moved right (left where negative), its end sample repeated."""
    if by > 0:
        return np.concatenate([np.repeat(signal[:, :1], by, axis=1), signal[:, :-by]], axis=1)
    return np.concatenate([signal[:, -by:], np.repeat(signal[:, -1:], -by, axis=1)], axis=1)


def _comes_from_quiet(signal: Samples, at: int, height: float) -> bool:
    near = of_ms(_HALF_MS)
    stretch = signal[:, max(0, at - near - of_ms(_QUIET_MS)) : at - near + 1]
    inside = near < at < signal.shape[1] - near - 2
    return inside and stretch.shape[1] > near and float(np.ptp(stretch, axis=1).max()) < height / 2
