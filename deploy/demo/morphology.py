"""The shape of one beat: a heart vector that is a sum of Gaussian bumps, one table per pathology.

After McSharry et al., IEEE Trans Biomed Eng 2003;50:289-294, and Sameni et al., EURASIP J Adv Signal Process 2007.
Times are in ms from the middle of ventricular activation at 60 bpm; vectors in mV on Frank's axes (left, feet, back).
A bump has a width of its own on each side, because T waves and strain rise slower than they fall.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deploy.demo.pathologies import Pathology


class Wave(StrEnum):
    """Which part of the beat a bump belongs to."""

    P = "P"
    QRS = "QRS"
    ST = "ST"
    T = "T"


@dataclass(frozen=True, slots=True)
class Bump:
    """One Gaussian bump of the heart vector."""

    wave: Wave
    at_ms: float
    rise_ms: float
    """The standard deviation before the peak."""
    fall_ms: float
    """The standard deviation after the peak."""
    vector: tuple[float, float, float]
    """Millivolt to the left, to the feet and to the back."""


Morphology = tuple[Bump, ...]


def _p(at_ms: float, width_ms: float, *vector: float) -> Bump:
    return _bump(Wave.P, at_ms, width_ms, width_ms, vector)


def _q(at_ms: float, width_ms: float, *vector: float) -> Bump:
    return _bump(Wave.QRS, at_ms, width_ms, width_ms, vector)


def _st(at_ms: float, rise_ms: float, fall_ms: float, *vector: float) -> Bump:
    return _bump(Wave.ST, at_ms, rise_ms, fall_ms, vector)


def _t(at_ms: float, rise_ms: float, fall_ms: float, *vector: float) -> Bump:
    return _bump(Wave.T, at_ms, rise_ms, fall_ms, vector)


def _bump(wave: Wave, at_ms: float, rise_ms: float, fall_ms: float, vector: tuple[float, ...]) -> Bump:
    left, feet, back = vector
    return Bump(wave, at_ms, rise_ms, fall_ms, (left, feet, back))


# The right atrium first, towards the front and the feet; then the left atrium, towards the left and the back.
_ATRIA: Final = (_p(-168, 17, 0.025, 0.085, -0.045), _p(-136, 19, 0.065, 0.065, 0.045))

# The septum from left to right, the free wall to the left, the base to the back.
_VENTRICLES: Final = (
    _q(-26, 7.5, -0.13, -0.07, -0.26),
    _q(0, 11.5, 1.05, 0.86, 0.30),
    _q(21, 11.5, -0.12, -0.18, 0.70),
)
_RECOVERY: Final = _t(262, 58, 37, 0.33, 0.25, -0.19)

_NORMAL: Final = (*_ATRIA, *_VENTRICLES, _RECOVERY)

_FIBRILLATION: Final = (*_VENTRICLES, _t(255, 58, 38, 0.24, 0.18, -0.14))

# No septal q; two slow crests to the left and the back with the notch between them; recovery the opposite way.
_LEFT_BLOCK: Final = (
    *_ATRIA,
    _q(-53, 10.5, 0.10, 0.05, -0.13),
    _q(-26, 17.5, 0.78, 0.20, 0.36),
    _q(7, 18.0, 0.58, 0.12, 0.80),
    _q(42, 19.5, 0.96, 0.16, 0.60),
    _st(130, 55, 75, -0.17, -0.03, -0.20),
    _t(282, 62, 42, -0.36, -0.08, -0.36),
)

# The first 60 ms as ever; then the right ventricle alone, slowly, to the right and the front.
_RIGHT_BLOCK: Final = (
    *_ATRIA,
    _q(-25, 7.5, -0.13, -0.05, -0.30),
    _q(0, 10.5, 1.02, 0.82, 0.16),
    _q(18, 9.0, 0.05, -0.10, 0.30),
    _q(60, 18.5, -0.60, 0.02, -0.72),
    _t(275, 56, 38, 0.36, 0.20, 0.10),
)

# Dead muscle in front: the first 40 ms turn to the back, the injury current to the front.
_ANTERIOR_QRS: Final = (
    _q(-23, 11.5, -0.14, 0.04, 0.42),
    _q(1, 12.5, 0.82, 0.80, 0.66),
    _q(23, 11.5, -0.08, -0.16, 0.26),
)
_ANTERIOR_ACUTE: Final = (
    *_ATRIA,
    *_ANTERIOR_QRS,
    _st(105, 45, 80, 0.17, -0.06, -0.23),
    _t(238, 66, 44, 0.26, 0.02, -0.36),
)
_ANTERIOR_EVOLVING: Final = (
    *_ATRIA,
    *_ANTERIOR_QRS,
    _st(110, 48, 62, 0.17, -0.05, -0.21),
    _t(278, 36, 36, -0.26, 0.10, 0.27),
)

# Dead muscle below: the first 40 ms turn upwards, the injury current downwards and a little to the right.
_INFERIOR_QRS: Final = (
    _q(-25, 11.5, 0.06, -0.50, -0.20),
    _q(2, 10.5, 1.02, 0.62, 0.28),
    _q(21, 10.0, -0.08, -0.02, 0.66),
)
_INFERIOR_ACUTE: Final = (
    *_ATRIA,
    *_INFERIOR_QRS,
    _st(105, 45, 80, -0.13, 0.20, 0.06),
    _t(240, 66, 44, -0.02, 0.36, -0.02),
)
_INFERIOR_EVOLVING: Final = (
    *_ATRIA,
    *_INFERIOR_QRS,
    _st(110, 48, 62, -0.12, 0.18, 0.04),
    _t(278, 36, 36, 0.32, -0.20, -0.16),
)

# Twice the muscle to the left and the back, a strained recovery the opposite way, a large left atrium.
_THICK: Final = (
    _p(-176, 18, 0.025, 0.080, -0.040),
    _p(-132, 21, 0.085, 0.065, 0.100),
    _q(-30, 8.0, -0.16, -0.06, -0.32),
    _q(0, 13.5, 2.15, 0.62, 0.62),
    _q(23, 13.0, 0.00, -0.24, 1.15),
    _st(135, 75, 60, -0.13, -0.02, -0.11),
    _t(258, 70, 34, -0.30, -0.08, -0.26),
)

MORPHOLOGIES: Final[dict[Pathology, tuple[Morphology, ...]]] = {
    Pathology.NORMAL: (_NORMAL,),
    Pathology.ATRIAL_FIBRILLATION: (_FIBRILLATION,),
    Pathology.LEFT_BUNDLE_BRANCH_BLOCK: (_LEFT_BLOCK,),
    Pathology.RIGHT_BUNDLE_BRANCH_BLOCK: (_RIGHT_BLOCK,),
    Pathology.ANTERIOR_INFARCTION: (_ANTERIOR_ACUTE, _ANTERIOR_EVOLVING),
    Pathology.INFERIOR_INFARCTION: (_INFERIOR_ACUTE, _INFERIOR_EVOLVING),
    Pathology.HYPERTROPHY: (_THICK,),
}
"""The stages that each pathology comes in; a patient shows one of them."""
