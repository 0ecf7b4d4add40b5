"""A heart for the tests: a vector that beats, seen from twelve leads (Dower, Machado, Osborne; Clin Cardiol 1980)."""

from typing import Final

import numpy as np

from services.shared.ecg import Signal

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
WAVES: Final = (
    (-0.16, 0.022, (0.07, 0.10, -0.02)),
    (-0.024, 0.008, (-0.08, -0.06, -0.22)),
    (0.0, 0.011, (1.00, 0.75, 0.25)),
    (0.026, 0.010, (-0.12, -0.10, 0.40)),
    (0.24, 0.045, (0.28, 0.22, -0.14)),
)
"""Seconds from the R peak, width in seconds, and vector (left, down, back) in millivolt of P, Q, R, S and T."""


def ecg(seconds: float = 10.0, rate_hz: float = 500.0, per_minute: float = 72.0) -> Signal:
    """Return twelve leads (12, samples) with 2 uV of noise."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    vector = np.zeros((3, at.size))
    for peak in np.arange(0.4, seconds + 1, 60 / per_minute):
        for shift, width, size in WAVES:
            near = np.abs(at - peak - shift) < 6 * width
            vector[:, near] += np.outer(size, np.exp(-0.5 * ((at[near] - peak - shift) / width) ** 2))
    eight = DOWER @ vector + np.random.default_rng(0).normal(0, 0.002, (8, at.size))
    one, two, chest = eight[0], eight[1], eight[2:]
    limbs = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.vstack([*limbs, chest]).astype(np.float32)
