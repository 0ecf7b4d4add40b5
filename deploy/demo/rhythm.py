"""When the ventricles beat: sinus rhythm that follows the breath, and the irregular rhythm of fibrillating atria."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.pathologies import Pathology

LEAD_IN_S: Final = 3.0
"""The rhythm starts before the recording and ends after it, so that its edges cut beats as in life."""

_SHORTEST_RR_S: Final = 0.28
_RATE_RANGE_BPM: Final[dict[Pathology, tuple[float, float]]] = {
    Pathology.ATRIAL_FIBRILLATION: (70.0, 130.0),
    Pathology.ANTERIOR_INFARCTION: (65.0, 105.0),
    Pathology.INFERIOR_INFARCTION: (52.0, 88.0),
}
_SINUS_RANGE_BPM: Final = (54.0, 92.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The beats of one recording, of which the first and last may lie outside it."""

    beats_s: NDArray[np.float64]
    """Ventricular activation, seconds from the start of the recording."""
    recovery: NDArray[np.float64]
    """How much longer than at 60 bpm each beat's recovery takes: the cube root of the running RR (Fridericia)."""


def resting_rate(pathology: Pathology, rng: np.random.Generator) -> float:
    """Draw a heart rate in beats per minute that patients with this pathology have at rest."""
    low, high = _RATE_RANGE_BPM.get(pathology, _SINUS_RANGE_BPM)
    return float(rng.uniform(low, high))


def draw_rhythm(
    pathology: Pathology, rng: np.random.Generator, *, heart_rate_bpm: float, breath_hz: float, duration_s: float
) -> Rhythm:
    """Draw the beats of a recording, from LEAD_IN_S before it to LEAD_IN_S after it."""
    count = int(np.ceil((duration_s + 2 * LEAD_IN_S) * heart_rate_bpm / 60 * 1.5)) + 4
    mean_s = 60 / heart_rate_bpm
    fibrillates = pathology is Pathology.ATRIAL_FIBRILLATION
    rr = _fibrillating(rng, mean_s, count) if fibrillates else _sinus(rng, mean_s, count, breath_hz)
    beats = np.cumsum(rr) - LEAD_IN_S - mean_s * rng.uniform(0, 1)
    inside = (beats > -LEAD_IN_S) & (beats < duration_s + LEAD_IN_S)
    return Rhythm(beats[inside], np.cbrt(_running_mean(rr)[inside]))


def _sinus(rng: np.random.Generator, mean_s: float, count: int, breath_hz: float) -> NDArray[np.float64]:
    at = np.arange(count) * mean_s
    breath = rng.uniform(0.01, 0.04) * np.sin(2 * np.pi * (breath_hz * at + rng.uniform()))
    slow = 0.012 * np.sin(2 * np.pi * (0.1 * at + rng.uniform()))
    return np.asarray(mean_s * (1 + breath + slow + 0.006 * rng.standard_normal(count)))


def _fibrillating(rng: np.random.Generator, mean_s: float, count: int) -> NDArray[np.float64]:
    """Gamma-distributed intervals, never shorter than the atrioventricular node allows.

    Every eight of them cover the distribution, so that no ten seconds look regular by chance.
    """
    spread = rng.uniform(0.19, 0.27)
    shape = 1 / spread**2
    pool = np.sort(rng.gamma(shape, mean_s / shape, (-(-count // 8), 8 * 16)), axis=1)
    octets = rng.permuted(pool.reshape(-1, 8, 16)[..., rng.integers(16)], axis=1)
    return octets.reshape(-1)[:count].clip(max(_SHORTEST_RR_S, 0.5 * mean_s), 2.2 * mean_s)


def _running_mean(rr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the last five intervals: recovery follows a new rate slowly."""
    padded = np.concatenate([np.full(4, rr.mean()), rr])
    return np.convolve(padded, np.full(5, 0.2), mode="valid")
