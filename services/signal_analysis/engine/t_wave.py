"""The T wave of an average beat: the lobe of the spatial velocity in which it falls back to the baseline."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import find_peaks

from services.signal_analysis.engine.combination import pulled_in
from services.signal_analysis.engine.families import BEFORE
from services.signal_analysis.engine.sampling import RATE_HZ, Samples, of_ms
from services.signal_analysis.engine.velocity import Places, first_below, last_below, smooth, spatial, speed

SIGMAS_MS: Final = (16.0, 22.0)
EXPECTED: Final = (0.08, 0.24, 0.055)
"""The fall of T is expected 0.08 s + 0.24 s * sqrt(RR / s) after the R peak, with this SD in s."""
LOBE_LEVELS: Final = (0.5, 0.3, 0.2, 0.12)
STEADY_MV_S: Final = (0.25, 0.5, 0.8, 1.2, 1.8)
LEAD_LEVEL: Final = 0.25
LOG_AT_MS: Final = (-60, -30, 30, 50, 70, 90, 110, 130, 160)
RISE_LEVELS: Final = (0.6, 0.4, 0.25, 0.15)
LEAST_MS: Final = 50.0
"""Between QRS and the next beat: less has no room for a T wave."""
_REACH: Final = 25.0
_LOG_SPEED: Final = 5.0
_RISE_TO_FALL: Final = of_ms(150)
_LATEST: Final = 3.0
"""SDs after the expected fall."""
_APEX_REACH: Final = of_ms(140)
_SLOWEST_RR_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Span:
    """Where T may be, in samples of the average beat."""

    start: int
    lobe_end: int
    end: int


@dataclass(frozen=True, slots=True)
class TWave:
    """A T wave of an average beat, and what its boundaries follow from."""

    fall: int
    """Where it falls fastest."""
    apex: int
    onset: Samples
    """Features in samples from `fall`."""
    offset: Samples
    height_mv_s: float
    """The spatial velocity at `fall`."""
    rest_mv_s: float

    @property
    def peak(self) -> Samples:
        """Features of the peak, in samples from `fall`."""
        return np.concatenate([self.onset, self.offset])


def span_of(beat: Samples, qrs_offset: int, rr_s: float) -> Span | None:
    """Return where T may be between QRS and the next beat; None where there is no room."""
    longest = min(0.52 * np.sqrt(min(rr_s, _SLOWEST_RR_S)) + 0.05, rr_s - 0.18)
    lobe_end = min(BEFORE + int(RATE_HZ * longest), beat.shape[1] - 2)
    end = min(BEFORE + int(RATE_HZ * (rr_s - 0.06)), lobe_end + of_ms(120), beat.shape[1] - 1)
    start = qrs_offset + of_ms(45)
    return None if lobe_end - start < of_ms(LEAST_MS) else Span(start, lobe_end, end)


def find(beat: Samples, independent: Places, *, qrs_offset: int, rr_s: float) -> TWave | None:
    """Find the T wave of an average beat (leads, samples); None where there is no room or no lobe for one."""
    span = span_of(beat, qrs_offset, rr_s)
    if span is None:
        return None
    found = [_at_sigma(beat, independent, span, sigma, rr_s) for sigma in SIGMAS_MS]
    if any(one is None for one in found):
        return None
    first, second = (one for one in found if one is not None)
    fine = smooth(beat, 10.0)
    velocity = spatial(speed(fine), independent)
    places = np.clip(first.fall + np.array([of_ms(at) for at in LOG_AT_MS]), 0, len(velocity) - 1)
    logs = np.log(velocity[places] + 0.1) * _LOG_SPEED
    moved = second.offset[:-2] + (second.fall - first.fall)
    offset = np.concatenate(
        [
            pulled_in(first.offset[:-2], _REACH),
            first.offset[-2:],
            pulled_in(moved, _REACH),
            second.offset[-2:],
            logs,
        ]
    )
    return TWave(first.fall, first.apex, first.onset, offset, first.height_mv_s, first.rest_mv_s)


def _at_sigma(beat: Samples, independent: Places, span: Span, sigma_ms: float, rr_s: float) -> TWave | None:
    moved = smooth(beat, sigma_ms)
    speeds = speed(moved)
    velocity = spatial(speeds, independent)
    fall = _lobe(velocity, span, rr_s)
    if fall is None:
        return None
    rest = float(np.percentile(velocity[span.start : span.end + 1], 5))
    lead = _principal(moved[independent], fall)
    steepest, lead = _steepest(lead, fall)
    places = [*_falls(velocity, fall, rest, span), *_tangents(lead, steepest, fall, span)]
    places += _lead_falls(speeds, fall, span)
    height = float(velocity[fall])
    shape = [np.log(height + 0.05) * 10, (fall - span.start + of_ms(45)) / 10]
    apex = _apex(lead, steepest, span)
    offset = np.array([place - fall for place in places] + shape, np.float64)
    return TWave(fall, apex, _rises(velocity, apex, fall, span), offset, height, rest)


def _lobe(velocity: Samples, span: Span, rr_s: float) -> int | None:
    """Return the peak of the spatial velocity that is high and where the fall of T is expected."""
    inner = velocity[span.start : span.lobe_end]
    peaks, _ = find_peaks(inner)
    if not len(peaks):
        return None
    expected = EXPECTED[0] + EXPECTED[1] * np.sqrt(min(rr_s, 1.6))
    away = ((span.start + peaks - BEFORE) / RATE_HZ - expected) / EXPECTED[2]
    best = int(np.argmax(np.log(inner[peaks] + 0.1) - 0.5 * away**2))
    for later in range(best + 1, len(peaks)):
        # T falls faster than it rises, so that a higher lobe soon after is its fall and this was its rise.
        soon = peaks[later] - peaks[best] < _RISE_TO_FALL and away[later] < _LATEST
        if soon and inner[peaks[later]] > inner[peaks[best]]:
            best = later
    return span.start + int(peaks[best])


def _principal(leads: Samples, fall: int) -> Samples:
    """Return the lead on which the fall of T is largest."""
    part = leads[:, max(0, fall - of_ms(120)) : fall + of_ms(100)]
    directions, _, _ = np.linalg.svd(part - part.mean(axis=1, keepdims=True), full_matrices=False)
    return np.asarray(leads.T @ directions[:, 0])


def _steepest(lead: Samples, fall: int) -> tuple[int, Samples]:
    """Return where a lead is steepest near the fall, and the lead turned so that it falls there."""
    slope = np.gradient(lead)
    first = fall - of_ms(20)
    place = first + int(np.argmax(np.abs(slope[first : fall + of_ms(20) + 1])))
    return place, -lead if slope[place] > 0 else lead


def _falls(velocity: Samples, fall: int, rest: float, span: Span) -> list[float]:
    start = np.array(fall)
    levels = [rest + share * (velocity[fall] - rest) for share in LOBE_LEVELS]
    levels += [level + rest / 2 for level in STEADY_MV_S]
    places = [min(int(first_below(velocity, start, np.array(level))), span.end) for level in levels]
    slowest = fall + int(np.argmin(velocity[fall : min(span.end, fall + of_ms(200)) + 1]))
    return [*places, slowest]


def _tangents(lead: Samples, steepest: int, fall: int, span: Span) -> list[float]:
    """Return where the steepest tangent meets the floor, and the corners by the trapezium's area (Zhang 2006)."""
    slope = np.gradient(lead)
    last = min(len(lead), steepest + of_ms(200), span.end + 1)
    floor = lead[steepest:last].min() if last > steepest else lead[steepest]
    tangent = min(span.end, steepest + (lead[steepest] - floor) / max(-slope[steepest], 1e-9))
    corners = []
    for reach in (200, 120):
        right = max(steepest, min(len(lead) - 1, fall + of_ms(reach), span.end))
        way = np.arange(steepest, right + 1)
        area = 0.5 * (lead[steepest] - lead[way]) * (2 * right - way - steepest)
        corners.append(steepest + int(np.argmax(area)))
    return [float(tangent), *corners]


def _lead_falls(speeds: Samples, fall: int, span: Span) -> list[float]:
    """Return order statistics of where the leads come to rest, by a share of their own velocity and by a steady one."""
    first = max(span.start, fall - of_ms(50))
    near = speeds[:, first : fall + of_ms(50)]
    start, largest = first + np.argmax(near, axis=1), near.max(axis=1)
    own = np.sort(np.minimum(first_below(speeds, start, LEAD_LEVEL * largest), span.end))
    level = np.full(len(speeds), STEADY_MV_S[0])
    steady = np.minimum(first_below(speeds, start, level), span.end)
    steady = np.sort(np.where(largest > STEADY_MV_S[0], steady, start))
    count = len(speeds)
    second, third = max(0, count - 2), max(0, count - 3)
    return [float(own[at]) for at in (second, third, count // 2, count // 4)] + [
        float(steady[at]) for at in (second, third, count // 2)
    ]


def _apex(lead: Samples, steepest: int, span: Span) -> int:
    apex = steepest
    while apex > max(span.start, steepest - _APEX_REACH) and lead[apex - 1] > lead[apex]:
        apex -= 1
    return apex


def _rises(velocity: Samples, apex: int, fall: int, span: Span) -> Samples:
    """Return features of the onset, in samples from `fall`."""
    first = max(span.start, apex - of_ms(140))
    rise = first + int(np.argmax(velocity[first : max(first, apex) + 1]))
    least = float(velocity[span.start : rise + 1].min())
    places = [apex, rise, span.start, first]
    for share in RISE_LEVELS:
        level = np.array(least + share * (velocity[rise] - least))
        places.append(max(span.start, int(last_below(velocity, np.array(rise), level))))
    places.append(span.start + int(np.argmin(velocity[span.start : rise + 1])))
    return np.array(places, np.float64) - fall
