"""The same point of every beat: R peaks of a window moved so that its beats lie on top of each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from services.shared.ecg import Signal

BAND_HZ: Final = (5.0, 40.0)
REACH_MS: Final = 60.0
"""How far a peak may move."""
HALF_QRS_MS: Final = 80.0
ROUNDS: Final = 2


def centre(signal: Signal, peaks: NDArray[np.int64], rate_hz: float) -> NDArray[np.int64]:
    """Move each R peak by at most 60 ms to where its QRS fits the median QRS of all beats best.

    The leads (leads, samples) peak at different times in a wide or paced beat, so that their median alone jumps from
    beat to beat. The common point is the largest deflection over all leads of the median QRS.
    """
    half, reach = round(HALF_QRS_MS * rate_hz / 1000), round(REACH_MS * rate_hz / 1000)
    band = (BAND_HZ[0], min(BAND_HZ[1], 0.45 * rate_hz))
    filtered = sosfiltfilt(butter(2, band, "bandpass", fs=rate_hz, output="sos"), signal, axis=1)
    margin = half + 2 * reach
    filtered = np.pad(filtered, ((0, 0), (margin, margin)))
    shifts = np.arange(-reach, reach + 1)
    # The largest deflection of each beat alone is where to begin: the median of beats that jump is no beat at all.
    deflections = np.square(_beats(filtered, peaks + margin, reach)).sum(axis=0)
    moved: NDArray[np.int64] = peaks + shifts[np.argmax(deflections, axis=1)]
    for _ in range(ROUNDS):
        template = np.median(_beats(filtered, moved + margin, half), axis=1)
        scores = [_similarity(_beats(filtered, peaks + margin + shift, half), template) for shift in shifts]
        moved = peaks + shifts[np.argmax(scores, axis=0)]
    template = np.median(_beats(filtered, moved + margin, half), axis=1)
    middle = np.square(template[:, half - reach : half + reach + 1]).sum(axis=0)
    return np.unique(np.clip(moved + int(np.argmax(middle)) - reach, 0, signal.shape[1] - 1))


def _beats(band: NDArray[np.float64], peaks: NDArray[np.int64], half: int) -> NDArray[np.float64]:
    """Return (leads, beats, samples) around the peaks."""
    return band[:, peaks[:, None] + np.arange(-half, half + 1)]


def _similarity(beats: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    product = (beats * template[:, None]).sum(axis=(0, 2))
    result: NDArray[np.float64] = product / np.sqrt(np.square(beats).sum(axis=(0, 2)) + 1e-12)
    return result
