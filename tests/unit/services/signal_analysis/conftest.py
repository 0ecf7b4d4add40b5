"""Synthesized ECGs whose beats are known."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from services.signal_analysis.window import Window

WAVES = ((0.12, -0.17, 0.02), (-0.1, -0.03, 0.01), (1.0, 0.0, 0.012), (-0.25, 0.03, 0.012), (0.3, 0.28, 0.05))
"""Amplitude (mV), place after the R peak (s) and width (s) of P, Q, R, S and T."""
GAINS = (0.8, 1.0, 0.4, -0.9, 0.3, 0.7, -0.5, -0.3, 0.6, 1.2, 1.1, 0.9)


def heartbeats(times_s: NDArray[np.float64], rate_hz: float, duration_s: float, *, p_wave: bool = True) -> Window:
    """Return twelve leads with a beat at each time and a little noise."""
    time = np.arange(round(rate_hz * duration_s)) / rate_hz
    trace = np.zeros_like(time)
    for beat in times_s:
        for amplitude, place, width in WAVES[0 if p_wave else 1 :]:
            trace += amplitude * np.exp(-(((time - beat - place) / width) ** 2) / 2)
    noise = np.random.default_rng(7).normal(scale=0.005, size=(12, len(time)))
    signal = np.outer(GAINS, trace) + noise
    return Window(signal.astype(np.float32), STANDARD_LEADS, rate_hz)


@pytest.fixture
def make_window() -> Callable[..., Window]:
    def make(rate_hz: float = 500.0, duration_s: float = 10.0, bpm: float = 60.0, *, first_s: float = 0.5) -> Window:
        return heartbeats(np.arange(first_s, duration_s, 60 / bpm), rate_hz, duration_s)

    return make


@pytest.fixture
def fibrillating() -> Window:
    """Beats at irregular distances, without P waves but with a wavy baseline."""
    rng = np.random.default_rng(3)
    window = heartbeats(np.cumsum(rng.uniform(0.45, 1.1, 11)), 500.0, 10.0, p_wave=False)
    time = np.arange(window.samples) / window.rate_hz
    waves = 0.05 * np.sin(2 * np.pi * 6.3 * time + 2 * np.sin(2 * np.pi * 0.7 * time))
    return Window((window.signal + waves).astype(np.float32), window.leads, window.rate_hz)


@pytest.fixture
def noise() -> Window:
    signal = np.random.default_rng(0).normal(scale=0.1, size=(12, 5000)).astype(np.float32)
    return Window(signal, STANDARD_LEADS, 500.0)
