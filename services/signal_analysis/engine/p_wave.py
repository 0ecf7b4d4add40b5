"""The P wave of an average beat: the hump between the last T and the QRS, and whether it comes before every beat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.signal_analysis.engine.sampling import RATE_HZ, Samples, of_ms
from services.signal_analysis.engine.velocity import (
    Places,
    first_below,
    last_below,
    smooth,
    spatial,
    speed,
)

SIGMA_MS: Final = 10.0
LEAST_MS: Final = 70.0
"""Between T and QRS: less has no room for a P wave."""
EXPECTED_S: Final = (-0.105, 0.07)
"""Mean and SD of its peak before the QRS onset."""
LEVELS: Final = (0.6, 0.4, 0.25, 0.15)
STEADY_MV_S: Final = (0.3, 0.6, 1.0)
LEAD_LEVEL: Final = 0.3
ORDERS: Final = (1, 2, 4, 6)
COHERENCE_SIGMA_MS: Final = 6.0
COHERENT: Final = 0.71
"""Median correlation from which on there are P waves: on LUDB 1 to 100 all records without P are below, but flutter."""
LEAST_BEATS: Final = 3
CORNER: Final = -2
"""Which feature is the corner."""
_FROM_MS: Final = 260.0
_TO_MS: Final = 30.0
_LEAST_CURVE: Final = 4

Crossing = Callable[[Samples, Places, Samples], Places]


@dataclass(frozen=True, slots=True)
class PWave:
    """A P wave of an average beat, and what its boundaries follow from."""

    peak: int
    onset: Samples
    """Features in samples from `peak`."""
    offset: Samples
    height_mv: float

    @property
    def corners(self) -> tuple[float, float]:
        """Where its principal lead leaves and meets the baseline, in samples of the average beat."""
        return self.peak + float(self.onset[CORNER]), self.peak + float(self.offset[CORNER])


@dataclass(frozen=True, slots=True)
class _Slopes:
    speeds: Samples
    velocity: Samples
    rest: float
    rise: int
    peak: int
    fall: int
    start: int
    end: int


def find(beat: Samples, independent: Places, *, earliest: int, qrs_onset: int) -> PWave | None:
    """Find the P wave of an average beat (leads, samples) from `earliest` on; None where there is no room for one."""
    moved = smooth(beat, SIGMA_MS)
    end = qrs_onset - of_ms(8)
    start = max(earliest, qrs_onset - of_ms(330), 2)
    if end - start < of_ms(LEAST_MS):
        return None
    humps = detrended(moved[independent][:, start:end])
    directions, _, _ = np.linalg.svd(humps - humps.mean(axis=1, keepdims=True), full_matrices=False)
    lead = humps.T @ directions[:, 0]
    lead = -lead if abs(lead.min()) > abs(lead.max()) else lead
    away = ((np.arange(start, end) - qrs_onset) / RATE_HZ - EXPECTED_S[0]) / EXPECTED_S[1]
    peak = start + int(np.argmax(lead * np.exp(-0.5 * away**2)))
    height = float(np.sqrt(np.square(humps[:, peak - start]).sum()))
    slopes = _slopes(speed(moved), independent, peak, (start, end))
    onset, offset = _places(slopes)
    corners = _corners(lead, slopes)
    sides = [(*one, corner, end) for one, corner in zip((onset, offset), corners, strict=True)]
    early, late = (np.array(side, np.float64) - peak for side in sides)
    return PWave(peak, early, late, height)


def detrended(stretch: Samples) -> Samples:
    """Return leads (leads, samples) less the line from their beginning to their end."""
    way = np.linspace(0, 1, stretch.shape[1])
    first, last = stretch[:, :3].mean(axis=1, keepdims=True), stretch[:, -3:].mean(axis=1, keepdims=True)
    return np.asarray(stretch - (first * (1 - way) + last * way))


def _slopes(speeds: Samples, independent: Places, peak: int, span: tuple[int, int]) -> _Slopes:
    start, end = span
    velocity = spatial(speeds, independent)
    first, last = max(start, peak - of_ms(75)), min(end, peak + of_ms(75))
    rise = first + int(np.argmax(velocity[first : peak + 1]))
    fall = peak + int(np.argmax(velocity[peak:last])) if last > peak else peak
    rest = float(np.percentile(velocity[start:end], 10))
    return _Slopes(speeds, velocity, rest, rise, peak, fall, start, end)


def _places(at: _Slopes) -> tuple[list[int], list[int]]:
    onset, offset = [at.rise], [at.fall]
    for share in LEVELS:
        onset.append(_before(at, at.rest + share * (float(at.velocity[at.rise]) - at.rest)))
        offset.append(_after(at, at.rest + share * (float(at.velocity[at.fall]) - at.rest)))
    onset += [_before(at, level) for level in STEADY_MV_S]
    offset += [_after(at, level) for level in STEADY_MV_S]
    first = max(at.start, at.rise - of_ms(30))
    onsets = np.sort(np.maximum(_lead_places(at.speeds, first, at.rise + of_ms(30), last_below), at.start))
    first = max(at.peak, at.fall - of_ms(30))
    offsets = np.sort(np.minimum(_lead_places(at.speeds, first, at.fall + of_ms(30), first_below), at.end))
    for order in ORDERS:
        rank = min(len(onsets) - 1, round(order * len(onsets) / 12))
        onset.append(int(onsets[rank]))
        offset.append(int(offsets[-1 - rank]))
    return onset, offset


def _before(at: _Slopes, level: float) -> int:
    return max(at.start, int(last_below(at.velocity, np.array(at.rise), np.array(level))))


def _after(at: _Slopes, level: float) -> int:
    return min(at.end, int(first_below(at.velocity, np.array(at.fall), np.array(level))))


def _lead_places(speeds: Samples, first: int, last: int, crossing: Crossing) -> Places:
    near = speeds[:, first : max(first + 1, last)]
    return crossing(speeds, first + np.argmax(near, axis=1), LEAD_LEVEL * near.max(axis=1))


def _corners(lead: Samples, at: _Slopes) -> tuple[int, int]:
    """Return where the lead leaves and meets the baseline: farthest from the chord to the steepest point."""
    left, right = max(at.start, at.peak - of_ms(110)), min(at.end, at.peak + of_ms(110))
    onset = left + _farthest(lead[left - at.start : max(left + 1, at.rise + 1) - at.start])
    return onset, at.fall + _farthest(lead[at.fall - at.start : right - at.start])


def _farthest(curve: Samples) -> int:
    if len(curve) < _LEAST_CURVE:
        return 0
    chord = curve[0] + (curve[-1] - curve[0]) * np.linspace(0, 1, len(curve))
    return int(np.argmax(np.abs(curve - chord)))


def coherence(signal: Samples, qrs_onsets: Places) -> Samples:
    """Return how each beat's last 260 to 30 ms before QRS correlate with the median of the others', over all leads.

    (beats,), NaN for a beat too near to the start; all NaN for fewer than three beats, of which nothing can be said.
    """
    # Low-passed only: a high-pass filter would leave the same undershoot before every QRS.
    moved = smooth(signal, COHERENCE_SIGMA_MS)
    before, after = of_ms(_FROM_MS), of_ms(_TO_MS)
    likeness = np.full(len(qrs_onsets), np.nan)
    whole = np.flatnonzero(qrs_onsets >= before)
    if len(whole) < LEAST_BEATS:
        return likeness
    beats = np.stack([moved[:, onset - before : onset - after] for onset in qrs_onsets[whole]])
    beats = beats - beats.mean(axis=-1, keepdims=True)
    for place, beat in enumerate(whole):
        others = np.median(np.delete(beats, place, axis=0), axis=0)
        size = np.square(others).sum() * np.square(beats[place]).sum()
        likeness[beat] = (others * beats[place]).sum() / np.sqrt(size + 1e-12)
    return likeness
