"""One imagined patient: how their heart lies, how large and how slow each wave of their beat is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.heartbeat import ventricular_activation
from deploy.demo.morphology import MORPHOLOGIES, Bump, Morphology, Wave
from deploy.demo.pathologies import Pathology
from deploy.demo.torso import INDEPENDENT_LEADS, placed_electrodes, rotation

_SIZE_SPREAD: Final = {Wave.P: 0.18, Wave.QRS: 0.11, Wave.ST: 0.20, Wave.T: 0.18}
_WIDTH_SPREAD: Final = {Wave.P: 0.06, Wave.QRS: 0.045, Wave.ST: 0.05, Wave.T: 0.045}
_CONDUCTION_SPREAD_MS: Final = 11.0
_FRAGMENTS: Final = 2
_FRAGMENT_MV: Final = 0.045
_FEMALE_SIZE: Final = 0.93
_SOKOLOW_LYON_MV: Final = 4.0
"""S in V1 plus R in V5: hypertrophy from 3.5 mV (Sokolow and Lyon, 1949), and a margin for the noise."""
_YOUNGEST: Final = {
    Pathology.NORMAL: 20,
    Pathology.ATRIAL_FIBRILLATION: 58,
    Pathology.LEFT_BUNDLE_BRANCH_BLOCK: 55,
    Pathology.RIGHT_BUNDLE_BRANCH_BLOCK: 45,
    Pathology.ANTERIOR_INFARCTION: 42,
    Pathology.INFERIOR_INFARCTION: 42,
    Pathology.HYPERTROPHY: 48,
}
_AGE_RANGE_YEARS: Final = 35


@dataclass(frozen=True, slots=True)
class Patient:
    """What stays the same from beat to beat."""

    beat: Morphology
    transform: NDArray[np.float64]
    """From the heart vector to the independent leads, (8, 3)."""
    breath_hz: float
    age_years: float
    sex: str


def draw_patient(pathology: Pathology, rng: np.random.Generator) -> Patient:
    """Draw a patient with this pathology in one of its stages."""
    sex = "female" if rng.random() < 0.5 else "male"  # noqa: PLR2004 an even chance
    stages = MORPHOLOGIES[pathology]
    beat = _individual(stages[rng.integers(len(stages))], rng, _FEMALE_SIZE if sex == "female" else 1.0)
    transform = placed_electrodes(rng) @ rotation(rng)
    return Patient(
        beat=_hypertrophic(beat, transform) if pathology is Pathology.HYPERTROPHY else beat,
        transform=transform,
        breath_hz=float(rng.uniform(0.18, 0.32)),
        age_years=float(_YOUNGEST[pathology] + rng.integers(_AGE_RANGE_YEARS)),
        sex=sex,
    )


def _individual(typical: Morphology, rng: np.random.Generator, body: float) -> Morphology:
    size = {wave: body * float(np.exp(spread * _deviation(rng))) for wave, spread in _SIZE_SPREAD.items()}
    width = {wave: 1 + spread * _deviation(rng) for wave, spread in _WIDTH_SPREAD.items()}
    conduction_ms = _CONDUCTION_SPREAD_MS * _deviation(rng)
    bumps = [_scaled(bump, size[bump.wave], width[bump.wave]) for bump in typical]
    shifted = [_earlier(bump, conduction_ms) if bump.wave is Wave.P else bump for bump in bumps]
    return (*shifted, *(_fragment(rng) for _ in range(_FRAGMENTS)))


def _hypertrophic(beat: Morphology, transform: NDArray[np.float64]) -> Morphology:
    """Enlarge the ventricular waves until they meet the voltage criterion by which hypertrophy is told."""
    leads = transform @ ventricular_activation(beat)
    voltage = leads[INDEPENDENT_LEADS.index("V5")].max() - leads[INDEPENDENT_LEADS.index("V1")].min()
    size = max(1.0, _SOKOLOW_LYON_MV / float(voltage))
    return tuple(_scaled(bump, size, 1.0) if bump.wave is Wave.QRS else bump for bump in beat)


def _scaled(bump: Bump, size: float, width: float) -> Bump:
    left, feet, back = bump.vector
    vector = (left * size, feet * size, back * size)
    return Bump(bump.wave, bump.at_ms * width, bump.rise_ms * width, bump.fall_ms * width, vector)


def _earlier(bump: Bump, by_ms: float) -> Bump:
    return Bump(bump.wave, bump.at_ms - by_ms, bump.rise_ms, bump.fall_ms, bump.vector)


def _fragment(rng: np.random.Generator) -> Bump:
    """One of the small slurs that make every real complex a little different from the textbook's."""
    left, feet, back = (float(part) for part in _FRAGMENT_MV * rng.standard_normal(3).clip(-2, 2))
    return Bump(Wave.QRS, float(rng.uniform(-16, 22)), 5.0, 5.0, (left, feet, back))


def _deviation(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -2, 2))
