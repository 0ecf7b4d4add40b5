"""One lead's line on the paper."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal
from services.signal_analysis.paper.sheet import Pen, Scale, Stroke

PEN_MM: Final = 0.05
"""Samples closer than this are drawn as the lowest and the highest of every 0.1 mm."""
PULSE_S: Final = 0.2
PULSE_FOOT_S: Final = 0.04
PULSE_MV: Final = 1.0


class Place(NamedTuple):
    """Where the first sample lies, and the level of the baseline there."""

    x_mm: float
    y_mm: float
    baseline_mv: float = 0.0
    pen: Pen = Pen.TRACE
    name: str = ""


def level(samples: Signal) -> float:
    """Return the middle of what was recorded (samples,): traces are set on their line by it and not changed."""
    known = samples[np.isfinite(samples)]
    return float(np.median(known)) if len(known) else 0.0


def trace(samples: Signal, rate_hz: float, place: Place, scale: Scale) -> list[Stroke]:
    """Return the lines of a lead (samples,); they break where nothing was recorded."""
    index = _drawn(samples, rate_hz, scale)
    values = samples[index].astype(np.float64)
    x = place.x_mm + index / rate_hz * scale.mm_per_s
    y = place.y_mm - (values - place.baseline_mv) * scale.mm_per_mv
    points = np.column_stack([x, y])
    known = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    return [
        Stroke(points[start:stop], place.pen, place.name)
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
        if stop - start > 1
    ]


def calibration_pulse(x_mm: float, y_mm: float, scale: Scale) -> Stroke:
    """Return the pulse of 1 mV over 200 ms that shows the scale, ending at x."""
    foot, width = PULSE_FOOT_S * scale.mm_per_s, PULSE_S * scale.mm_per_s
    x = x_mm - np.array([2 * foot + width, foot + width, foot + width, foot, foot, 0])
    y = y_mm - np.array([0, 0, 1, 1, 0, 0]) * PULSE_MV * scale.mm_per_mv
    return Stroke(np.column_stack([x, y]), name="pulse")


def _drawn(samples: Signal, rate_hz: float, scale: Scale) -> NDArray[np.int64]:
    """Return the samples that the line must touch: all, or the extremes of every stretch where they lie too close."""
    apart_mm = scale.mm_per_s / rate_hz
    together = int(2 * PEN_MM / apart_mm + 1e-9)
    if apart_mm >= PEN_MM or together <= 2:  # noqa: PLR2004 two samples have two extremes
        return np.arange(len(samples))
    whole = len(samples) // together * together
    stretches = samples[:whole].reshape(-1, together)
    gaps = ~np.isfinite(stretches)
    low, high = (np.where(gaps, fill, stretches) for fill in (np.inf, -np.inf))
    starts = np.arange(0, whole, together)
    picked = [starts + low.argmin(axis=1), starts + high.argmax(axis=1), np.flatnonzero(gaps.ravel())]
    return np.unique(np.concatenate([*picked, np.arange(whole, len(samples))]))
