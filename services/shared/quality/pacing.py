"""Pacing spikes and other events that are narrower than about 8 ms and no part of a QRS complex; numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal
from services.shared.quality.beats import Beats
from services.shared.quality.indices import NARROW_S, Values, narrow

LEAST_HZ: Final = 500.0
"""Below this rate a spike of 0.5 to 2 ms may fall between two samples: pacing cannot be judged."""
SPIKE_MV: Final = 0.15
"""What an event of one lead reaches: above the sharpest T waves, and visible at 10 mm/mV."""
TOGETHER_MV: Final = 0.08
"""What a pacing spike reaches as the root of the mean square over the leads."""
NOISES: Final = 8.0
"""Multiples of the noise that an event reaches besides."""
QRS_S: Final = 0.1
"""Around a QRS complex no event of one lead is counted."""
STEP_S: Final = 0.02
EDGE_S: Final = 0.3
"""At either end a QRS complex may be cut off, and looks like a spike."""
MOST_PER_S: Final = 100
"""More peaks a second than this are noise; no spike could be told from them."""
_QUIET_SHARE: Final = 0.4
_NEAREST_S: Final = 0.02
_FARTHEST_S: Final = 0.35
_STEADY_S: Final = 0.025
_STEADY_SHARE: Final = 0.05
_FEWEST: Final = 3


class Pacing(StrEnum):
    """Whether pacing spikes are there."""

    SUSPECTED = "suspected"
    NONE = "none"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Events:
    """Narrow events of one window."""

    pacing: Pacing
    spikes: NDArray[np.int64]
    """(leads,) how many events of a lead belong to neither a QRS complex nor a pacemaker."""


def find(native: Signal, rate_hz: float, beats: Beats, *, sharp: Signal, sharp_hz: float, noise: Values) -> Events:
    """Find the narrow events of a window: pacing at the native rate, spikes in `sharp`, `narrow` at the judged rate."""
    at_native = sharp if rate_hz == sharp_hz else narrow(native, rate_hz)
    pacing, at_s = _pacing(at_native, rate_hz, beats, noise)
    return Events(pacing, _spikes(sharp, sharp_hz, noise, [(beats.peaks_s, QRS_S), (at_s, STEP_S)]))


def _spikes(
    sharp: Signal, rate_hz: float, noise: Values, taken: Sequence[tuple[NDArray[np.float64], float]]
) -> NDArray[np.int64]:
    """Count events of each lead in steps of 20 ms; `taken` is where others are, and how far they reach, in seconds."""
    rows, at = np.nonzero(np.abs(sharp) > np.maximum(SPIKE_MV, NOISES * noise)[:, None])
    at_s = at / rate_hz
    free = (at_s > EDGE_S) & (at_s < sharp.shape[1] / rate_hz - EDGE_S)
    for centres, reach in taken:
        free &= _distance(at_s, centres) > reach
    steps = np.unique(np.stack([rows[free], (at_s[free] / STEP_S).astype(np.int64)], axis=1), axis=0)
    begins = np.ones(len(steps), dtype=np.bool_)
    begins[1:] = (np.diff(steps[:, 0]) != 0) | (np.diff(steps[:, 1]) > 1)
    return np.bincount(steps[begins, 0], minlength=sharp.shape[0])


def _distance(at_s: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each moment is from the nearest centre."""
    if not centres.size:
        return np.full(at_s.size, np.inf)
    after = np.searchsorted(centres, at_s)
    nearest: NDArray[np.float64] = np.minimum(
        np.abs(at_s - centres[np.maximum(after - 1, 0)]), np.abs(at_s - centres[np.minimum(after, centres.size - 1)])
    )
    return nearest


def _pacing(sharp: Signal, rate_hz: float, beats: Beats, noise: Values) -> tuple[Pacing, NDArray[np.float64]]:
    """Return whether spikes come regularly, or at a steady distance before most QRS complexes, and where they are."""
    none = np.empty(0)
    if rate_hz < LEAST_HZ:
        return Pacing.NOT_JUDGED, none
    together = np.sqrt(np.einsum("ij,ij->j", sharp, sharp) / sharp.shape[0])
    level = max(TOGETHER_MV, NOISES * float(np.sqrt((noise**2).mean())))
    at_s = _alone(together, rate_hz, level)
    if at_s.size < _FEWEST:
        return Pacing.NONE, none
    return (Pacing.SUSPECTED, at_s) if _is_regular(at_s, beats.peaks_s) else (Pacing.NONE, none)


def _alone(together: Signal, rate_hz: float, level: float) -> NDArray[np.float64]:
    """Return the seconds of the peaks that have nothing like them up to 24 ms before and after."""
    lag = max(1, round(NARROW_S * rate_hz))
    inner = together[1:-1]
    peaks = np.flatnonzero((inner > level) & (inner >= together[:-2]) & (inner > together[2:])) + 1
    if peaks.size > MOST_PER_S * together.size / rate_hz:
        return np.empty(0)
    kept = []
    for at in peaks.tolist():
        before = together[max(0, at - 6 * lag) : max(0, at - 2 * lag)]
        after = together[at + 2 * lag : at + 5 * lag]
        sides = together[max(0, at - 2 * lag) : at + 2 * lag]
        around = max(float(before.max(initial=0)), float(after.max(initial=0)))
        if around < _QUIET_SHARE * together[at] and together[at] >= sides.max():
            kept.append(at / rate_hz)
    return np.asarray(kept)


def _is_regular(at_s: NDArray[np.float64], peaks_s: NDArray[np.float64]) -> bool:
    gaps = np.diff(at_s)
    gaps = gaps[gaps > 0.25]  # noqa: PLR2004 the ventricle after the atrium
    if gaps.size >= _FEWEST - 1:
        steady = np.abs(gaps - np.median(gaps)) <= _STEADY_SHARE * np.median(gaps)
        if steady.mean() >= 0.75:  # noqa: PLR2004 most
            return True
    if not peaks_s.size:
        return False
    ahead = peaks_s[:, None] - at_s[None]
    ahead = np.where((ahead >= _NEAREST_S) & (ahead <= _FARTHEST_S), ahead, np.inf).min(axis=1)
    found = ahead[np.isfinite(ahead)]
    if found.size < max(_FEWEST, peaks_s.size / 3):
        return False
    return bool((np.abs(found - np.median(found)) <= _STEADY_S).mean() >= 0.6)  # noqa: PLR2004 fusion beats differ
