"""From the heart vector to twelve leads: Dower's transform of the Frank vectorcardiogram.

Axes are Frank's: x to the left, y to the feet, z to the back, in millivolt.
Source of the matrix: Dower, Machado, Osborne, "On deriving the electrocardiogram from vectorcardiographic leads",
Clin Cardiol 1980;3:87-95.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal

Vector = NDArray[np.float64]
"""Heart vector samples of shape (3, samples), millivolt."""

INDEPENDENT_LEADS: Final = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""What an electrocardiograph measures; the other four limb leads follow by algebra."""

DOWER: Final = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
"""(independent leads, axes)."""


def placed_electrodes(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the transform of one patient, whose chest and electrodes differ a little from the average, (8, 3)."""
    size = 1 + 0.08 * rng.standard_normal((len(INDEPENDENT_LEADS), 1)).clip(-2, 2)
    displacement = 0.04 * rng.standard_normal(DOWER.shape).clip(-2, 2)
    return DOWER * size + displacement


def rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how the heart of one patient lies in the chest, as a (3, 3) rotation of the vector."""
    frontal, horizontal, sagittal = np.deg2rad([10.0, 7.0, 5.0]) * rng.standard_normal(3).clip(-2, 2)
    return _turn(0, 1, frontal) @ _turn(0, 2, horizontal) @ _turn(1, 2, sagittal)


def twelve_leads(independent: NDArray[np.float64]) -> Signal:
    """Complete the eight independent leads to the canonical twelve, (12, samples)."""
    measured = independent.astype(np.float32)
    one, two = measured[0], measured[1]
    limb = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    return np.concatenate([limb, measured[2:]])


def _turn(first: int, second: int, angle: float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix
