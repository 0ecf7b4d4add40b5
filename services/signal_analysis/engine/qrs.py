"""Onset and offset of every QRS: places where the velocities of its own beat rise from rest and fall back."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.signal_analysis.engine.combination import pulled_in
from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.engine.velocity import (
    Places,
    cut,
    first_below,
    last_below,
    smooth,
    spatial,
    speed,
)

SIGMAS_MS: Final = (4.0, 7.0, 10.5)
LEVELS: Final = (0.03, 0.05, 0.08, 0.12, 0.2)
"""Shares of the largest spatial velocity."""
LEAD_LEVEL: Final = 0.08
ORDERS: Final = (0, 1, 2, 4, 6)
"""Of twelve leads: which of the earliest onsets and latest offsets are features."""
STEADY_MV_S: Final = (1.5, 3.0, 5.0)
LOG_AFTER_MS: Final = (8, 16, 24, 32, 44, 60, 80, 110)
BEFORE: Final = of_ms(300)
AFTER: Final = of_ms(260)
CORE: Final = slice(BEFORE - of_ms(80), BEFORE + of_ms(120))
"""Where the fast part of a QRS is looked for, around its R peak."""
EARLIEST: Final = BEFORE - of_ms(180)
LATEST: Final = BEFORE + of_ms(240)
REST: Final = slice(0, BEFORE - of_ms(80))
_FAST: Final = 0.3
_REACH: Final = 20.0
_LOG_SPEED: Final = 5.0
_ST: Final = slice(BEFORE + of_ms(140), BEFORE + of_ms(220))


@dataclass(frozen=True, slots=True)
class Core:
    """The fast part of every beat of velocities (..., samples)."""

    largest: Samples
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    rest: Samples
    """The velocity before the beat."""


@dataclass(frozen=True, slots=True)
class Features:
    """Places (beats, features) in samples from the R peak."""

    onset: Samples
    offset: Samples


def core_of(velocity: Samples, percentile: float) -> Core:
    """Find the fast part; `percentile` of what lies before the beat counts as rest."""
    inner = velocity[..., CORE]
    largest = inner.max(axis=-1)
    fast = inner > _FAST * largest[..., None]
    first = np.argmax(fast, axis=-1) + CORE.start
    last = CORE.start + fast.shape[-1] - 1 - np.argmax(fast[..., ::-1], axis=-1)
    return Core(largest, first, last, np.percentile(velocity[..., REST], percentile, axis=-1))


def edges(velocity: Samples, core: Core, level: Samples) -> tuple[Places, Places]:
    """Return where a velocity last rises above and first falls to a level around the fast part, from the R peak."""
    onset = np.maximum(last_below(velocity, core.first, level), EARLIEST) - BEFORE
    offset = np.minimum(first_below(velocity, core.last, level), LATEST) - BEFORE
    return onset, offset


def features(signal: Samples, independent: Places, peaks: Places) -> Features:
    """Return the features of every beat of (leads, samples)."""
    speeds = [speed(smooth(signal, sigma)) for sigma in SIGMAS_MS]
    found: list[tuple[Places, Places]] = []
    for each in speeds:
        velocity = cut(spatial(each, independent), peaks, BEFORE, AFTER)
        core = core_of(velocity, 30)
        found += [edges(velocity, core, np.maximum(level * core.largest, 2 * core.rest)) for level in LEVELS]
    per_lead = lead_edges(cut(speeds[1], peaks, BEFORE, AFTER), LEAD_LEVEL)
    found += [ranked(*per_lead, order) for order in ORDERS]
    velocity = cut(spatial(speeds[1], independent), peaks, BEFORE, AFTER)
    core, steady = core_of(velocity, 30), np.median(velocity[:, _ST], axis=-1)
    for level in STEADY_MV_S:
        onset, _ = edges(velocity, core, np.full(len(peaks), level))
        _, offset = edges(velocity, core, level + steady)
        found.append((onset, offset))
    onsets, offsets = (np.stack(side, axis=1).astype(np.float64) for side in zip(*found, strict=True))
    logs = _log_speeds(velocity, core)
    return Features(pulled_in(onsets, _REACH), np.hstack([pulled_in(offsets, _REACH), logs]))


def _log_speeds(velocity: Samples, core: Core) -> Samples:
    """Return how fast a beat still moves so long after its fast part: a slow end is a late one."""
    places = core.last[:, None] + np.array([of_ms(after) for after in LOG_AFTER_MS])
    places = np.minimum(places, velocity.shape[-1] - 1)
    return np.log(np.take_along_axis(velocity, places, axis=1) + 0.5) * _LOG_SPEED


def lead_edges(speeds: Samples, level: float) -> tuple[Places, Places]:
    """Return onset and offset per beat and lead of speeds (beats, leads, samples)."""
    core = core_of(speeds, 70)
    return edges(speeds, core, np.maximum(level * core.largest, 2 * core.rest))


def ranked(onsets: Places, offsets: Places, order: int) -> tuple[Places, Places]:
    """Return the onset and the offset that `order` of twelve leads exceed, per beat of (beats, leads)."""
    place = min(onsets.shape[1] - 1, round(order * onsets.shape[1] / 12))
    return np.sort(onsets, axis=1)[:, place], np.sort(offsets, axis=1)[:, -1 - place]
