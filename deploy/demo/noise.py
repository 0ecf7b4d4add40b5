"""What a recording shows besides the ventricles: fibrillating atria, breath, drift, muscle and mains."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_MAINS_HZ: Final = 50.0
_DIAGNOSTIC_LIMIT_HZ: Final = 150.0


def fibrillatory_waves(rng: np.random.Generator, samples: int, rate_hz: float) -> Samples:
    """Draw the heart vector of fibrillating atria, (3, samples) mV: a wandering sawtooth of 5 to 8 Hz, largest in V1.

    After Stridh and Sornmo, IEEE Trans Biomed Eng 2001;48:105-111.
    """
    main = np.array([[-0.30], [0.50], [-0.80]]) * rng.uniform(0.055, 0.095)
    other = np.array([[0.45], [0.70], [0.30]]) * rng.uniform(0.025, 0.05)
    return main * _wandering_sawtooth(rng, samples, rate_hz) + other * _wandering_sawtooth(rng, samples, rate_hz)


def _wandering_sawtooth(rng: np.random.Generator, samples: int, rate_hz: float) -> Samples:
    slow = _band_noise(rng, (2, samples), rate_hz, (0.0, 2.0))
    cycles = np.cumsum((rng.uniform(5.2, 7.8) + 1.1 * slow[0]).clip(4, 10)) / rate_hz + rng.uniform()
    wave = sum((-1) ** order * np.sin(2 * np.pi * order * cycles) / order**1.4 for order in (1, 2, 3))
    return np.asarray((1 + 0.45 * slow[1]).clip(0.1, 2.0) * wave)


def breathing(rng: np.random.Generator, breath_hz: float, at_s: Samples) -> Samples:
    """Return one patient's breath, between -1 and 1, at those seconds."""
    phase = 2 * np.pi * (breath_hz * at_s + rng.uniform())
    return np.asarray((np.sin(phase) + 0.25 * np.sin(2 * phase)) / 1.2)


def electrode_noise(rng: np.random.Generator, breath: Samples, leads: int, rate_hz: float) -> Samples:
    """Draw what electrodes add, (leads, samples) mV: drift with the breath, slow drift, muscle and a trace of mains."""
    samples = breath.shape[-1]
    shape = (leads, samples)
    swing = rng.uniform(0.0, 0.05) * rng.standard_normal((leads, 1)) * breath
    drift = rng.uniform(0.008, 0.03) * _band_noise(rng, shape, rate_hz, (0.02, 0.4))
    muscle = rng.uniform(0.003, 0.011) * _band_noise(rng, shape, rate_hz, (4.0, _DIAGNOSTIC_LIMIT_HZ))
    return swing + drift + muscle + _mains(rng, leads, samples, rate_hz)


def _mains(rng: np.random.Generator, leads: int, samples: int, rate_hz: float) -> Samples:
    if rate_hz <= 2 * _MAINS_HZ:
        return np.zeros((leads, 1))
    wave = np.sin(2 * np.pi * (_MAINS_HZ / rate_hz * np.arange(samples) + rng.uniform()))
    return np.asarray(rng.uniform(0.0, 0.004) * rng.uniform(0.3, 1.0, (leads, 1)) * wave)


def _band_noise(
    rng: np.random.Generator, shape: tuple[int, int], rate_hz: float, band_hz: tuple[float, float]
) -> Samples:
    """Gaussian noise of variance one whose spectrum is flat inside the band and empty outside."""
    rows, samples = shape
    frequencies = np.fft.rfftfreq(samples, 1 / rate_hz)
    bins = np.flatnonzero((frequencies > band_hz[0]) & (frequencies <= band_hz[1]))
    if bins.size == 0:
        return np.zeros(shape)
    spectrum = np.zeros((rows, frequencies.size), dtype=np.complex128)
    spectrum[:, bins] = rng.standard_normal((rows, bins.size)) + 1j * rng.standard_normal((rows, bins.size))
    return np.asarray(np.fft.irfft(spectrum, samples, axis=1) * samples / (2 * np.sqrt(bins.size)))
