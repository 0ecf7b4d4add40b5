"""How fast the ECG moves, per lead and over all leads, and where it comes to rest."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

from services.signal_analysis.engine.sampling import RATE_HZ, Samples

Places = NDArray[np.int64]
_LEADS_OF_TWELVE: Final = 8
"""Independent ones: the spatial velocity of fewer is scaled to theirs, so that thresholds in mV/s hold."""


def band_passed(signal: Samples, low_hz: float, high_hz: float) -> Samples:
    """Return the signal within a band, without delay (Butterworth of order 2, forward and backward)."""
    band: Samples = sosfiltfilt(_sections(low_hz, high_hz), signal, axis=-1)
    return band


@cache
def _sections(low_hz: float, high_hz: float) -> Samples:
    sections: Samples = butter(2, [low_hz, high_hz], "band", fs=RATE_HZ, output="sos")
    return sections


def smooth(signal: Samples, sigma_ms: float) -> Samples:
    """Return the signal smoothed by a Gaussian."""
    smoothed: Samples = gaussian_filter1d(signal, sigma_ms / 1000 * RATE_HZ, axis=-1, truncate=3.0)
    return smoothed


def speed(signal: Samples) -> Samples:
    """Return the absolute velocity of every lead in mV/s."""
    return np.abs(np.gradient(signal, axis=-1)) * RATE_HZ


def spatial(speeds: Samples, independent: Places) -> Samples:
    """Return the spatial velocity (..., samples) in mV/s of speeds (..., leads, samples)."""
    scale = _LEADS_OF_TWELVE / len(independent)
    length: Samples = np.sqrt(np.square(speeds[..., independent, :]).sum(axis=-2) * scale)
    return length


def cut(signal: Samples, centres: Places, before: int, after: int) -> Samples:
    """Return (beats, ..., before + after) around centres; beyond an end its sample is repeated."""
    places = np.clip(centres[:, None] + np.arange(-before, after), 0, signal.shape[-1] - 1)
    return np.moveaxis(signal[..., places], -2, 0)


def last_below(values: Samples, start: NDArray[np.integer], level: Samples) -> Places:
    """Return per row of (..., samples) the last sample up to `start` that is not above `level`; 0 where none is."""
    length = values.shape[-1]
    low = (values <= level[..., None]) & (np.arange(length) <= start[..., None])
    place = length - 1 - np.argmax(low[..., ::-1], axis=-1)
    return np.where(low.any(axis=-1), place, 0)


def first_below(values: Samples, start: NDArray[np.integer], level: Samples) -> Places:
    """Return per row of (..., samples) the first sample from `start` on that is not above `level`, or the last one."""
    length = values.shape[-1]
    low = (values <= level[..., None]) & (np.arange(length) >= start[..., None])
    return np.asarray(np.where(low.any(axis=-1), np.argmax(low, axis=-1), length - 1))
