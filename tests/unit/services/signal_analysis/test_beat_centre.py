"""The same point of every beat."""

import numpy as np

from services.signal_analysis.beat_centre import centre
from services.signal_analysis.window import Window


def test_peaks_that_jumped_come_back_to_the_largest_deflection(make_window: object) -> None:
    window: Window = make_window()  # type: ignore[operator]
    true = np.arange(250, 5000, 500)
    jumped = true + np.array([0, 20, -15, 5, 25, -25, 0, 10, -10, 15])

    centred = centre(window.signal, jumped, window.rate_hz)

    assert np.abs(centred - true).max() <= 2


def test_peaks_at_the_ends_stay_inside(make_window: object) -> None:
    window: Window = make_window(first_s=0.0)  # type: ignore[operator]
    peaks = np.array([0, 500, 1000, 4999])

    centred = centre(window.signal, peaks, window.rate_hz)

    assert centred.min() >= 0
    assert centred.max() < window.samples
