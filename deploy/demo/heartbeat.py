"""From bumps and beats to the moving heart vector, and where in it each wave begins, peaks and ends."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.morphology import Morphology, Wave
from deploy.demo.rhythm import Rhythm

_BEFORE_S: Final = 0.36
_AFTER_S: Final = 0.74
_EDGE: Final = 0.05
"""A wave begins and ends where its vector is this part of its largest length."""
_RECOVERING: Final = (Wave.ST, Wave.T)
_MS: Final = 1e-3


@dataclass(frozen=True, slots=True)
class WaveTimes:
    """Where one wave of the beat begins, peaks and ends, in seconds from ventricular activation at 60 bpm."""

    onset_s: float
    peak_s: float
    offset_s: float


def heart_vector(
    beat: Morphology, rhythm: Rhythm, strength: NDArray[np.float64], *, samples: int, rate_hz: float
) -> NDArray[np.float64]:
    """Return the heart vector of a recording, (3, samples) mV; `strength` scales each beat."""
    before, length = int(_BEFORE_S * rate_hz), int((_BEFORE_S + _AFTER_S) * rate_hz)
    starts = np.ceil(rhythm.beats_s * rate_hz).astype(np.int64) - before
    drawn = (starts > -length) & (starts < samples)
    starts, beats_s = starts[drawn], rhythm.beats_s[drawn]
    at_s = (starts[:, None] + np.arange(length)) / rate_hz - beats_s[:, None]
    complexes = _complexes(beat, at_s, rhythm.recovery[drawn]) * strength[drawn, None, None]
    canvas = np.zeros((3, samples + 2 * length))
    for start, vector in zip(starts + length, complexes, strict=True):
        canvas[:, start : start + length] += vector
    return canvas[:, length : length + samples]


def ventricular_activation(beat: Morphology) -> NDArray[np.float64]:
    """Return the QRS part of the beat's vector, (3, samples) mV on a grid of 1 ms."""
    bumps = tuple(bump for bump in beat if bump.wave is Wave.QRS)
    return np.asarray(_complexes(bumps, np.arange(-_BEFORE_S, _AFTER_S, _MS)[None], np.ones(1))[0])


def wave_times(beat: Morphology, wave: Wave) -> WaveTimes | None:
    """Measure one wave of the beat on a grid of 1 ms; None where the beat has no such wave."""
    bumps = tuple(bump for bump in beat if bump.wave is wave)
    if not bumps:
        return None
    at_s = np.arange(-_BEFORE_S, _AFTER_S, _MS)
    size = np.linalg.norm(_complexes(bumps, at_s[None], np.ones(1))[0], axis=0)
    above = np.flatnonzero(size > _EDGE * size.max())
    return WaveTimes(float(at_s[above[0]]), float(at_s[size.argmax()]), float(at_s[above[-1]]))


def _complexes(beat: Morphology, at_s: NDArray[np.float64], recovery: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the bumps of every beat, (beats, 3, samples)."""
    recovering = np.array([bump.wave in _RECOVERING for bump in beat])
    pace = np.where(recovering, recovery[:, None], 1.0)[..., None] * _MS
    peak, rise, fall = (
        pace * np.array([getattr(bump, side) for bump in beat])[:, None] for side in ("at_ms", "rise_ms", "fall_ms")
    )
    away = at_s[:, None, :] - peak
    bells = np.exp(-0.5 * (away / np.where(away < 0, rise, fall)) ** 2)
    vectors = np.array([bump.vector for bump in beat])
    return np.asarray(np.matmul(vectors.T, bells))
