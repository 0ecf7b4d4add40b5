"""The warping gives what Rlign's own gives, or fails as it fails."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from rlign import Rlign

from services.signal_analysis.quiet import quiet
from services.signal_analysis.warping import Template, warp
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def rligns_own(signal: NDArray[np.float64], peaks: NDArray[np.int64], rate_hz: int, bpm: int) -> NDArray[np.float64]:
    seconds = int(np.ceil(signal.shape[1] / rate_hz))
    rlign = Rlign(sampling_rate=rate_hz, seconds_len=seconds, num_workers=1, silent=False)
    with quiet():
        warped: NDArray[np.float64] = rlign._normalize_interval(signal, peaks, np.diff(peaks), hr=bpm)[0]
    return warped


@pytest.mark.parametrize("rate_hz", [100, 250, 500, 1000])
@pytest.mark.parametrize("bpm", [40, 60, 61, 95, 150])
def test_the_numbers_are_rligns(make_window: MakeWindow, rate_hz: int, bpm: int) -> None:
    window = make_window(rate_hz, bpm=bpm)
    peaks = np.arange(round(0.5 * rate_hz), window.samples - rate_hz // 10, round(60 / bpm * rate_hz))[:10]
    signal = window.signal.astype(np.float64)

    warped = warp(signal, peaks, Template.of(rate_hz, 10, 60, bpm), rate_hz)

    own = rligns_own(signal, peaks, rate_hz, bpm)
    assert np.isfinite(own).any()
    np.testing.assert_allclose(warped, own, rtol=0, atol=1e-9)


def test_the_numbers_are_rligns_where_the_rhythm_is_irregular(make_window: MakeWindow) -> None:
    signal = make_window().signal.astype(np.float64)
    peaks = np.array([200, 610, 940, 1500, 1790, 2500, 2900, 3600, 4000, 4800])

    warped = warp(signal, peaks, Template.of(500, 10, 60, 63), 500)

    np.testing.assert_allclose(warped, rligns_own(signal, peaks, 500, 63), rtol=0, atol=1e-9)


def test_it_fails_where_rlign_fails(make_window: MakeWindow) -> None:
    signal = make_window().signal.astype(np.float64)
    peaks = np.array([1000, 1002, 1004, 1006])

    with pytest.raises((IndexError, ValueError, ZeroDivisionError)):
        rligns_own(signal, peaks, 500, 220)
    with pytest.raises((IndexError, ValueError, ZeroDivisionError)):
        warp(signal, peaks, Template.of(500, 10, 60, 220), 500)
