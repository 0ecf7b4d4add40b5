"""Rlign, and what it does not tell."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from services.signal_analysis import rhythm
from services.signal_analysis.alignment import align
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


@pytest.mark.parametrize(("rate_hz", "bpm"), [(100, 60), (500, 48), (500, 95), (1000, 150), (257.3, 75)])
def test_an_r_peak_falls_on_every_second(make_window: MakeWindow, rate_hz: float, bpm: float) -> None:
    window = make_window(rate_hz, bpm=bpm)

    alignment = align(window, rhythm.find(window))

    assert np.ptp(np.diff(alignment.r_peaks)) == 0
    assert np.diff(alignment.r_peaks)[0] == round(rate_hz)
    for second in alignment.r_peaks[1:-1]:
        near = alignment.signal[1, second - round(rate_hz / 5) : second + round(rate_hz / 5)]
        assert abs(int(np.argmax(near)) - round(rate_hz / 5)) <= 0.02 * rate_hz


def test_the_ends_that_rlign_leaves_empty_are_trimmed(make_window: MakeWindow) -> None:
    window = make_window(bpm=40)

    alignment = align(window, rhythm.find(window))

    assert np.isfinite(alignment.signal).all()
    assert 0 < alignment.signal.shape[1] < window.samples
    assert "time_warped" in {remark.code for remark in alignment.remarks}


def test_more_beats_than_seconds_are_said_to_be_left_out(make_window: MakeWindow) -> None:
    window = make_window(bpm=150)

    alignment = align(window, rhythm.find(window))

    assert "10 R peaks, of 24 found" in alignment.remarks[0].text


def test_too_few_beats_give_no_signal_and_a_reason(make_window: MakeWindow, noise: Window) -> None:
    for window in (noise, make_window(bpm=12)):
        alignment = align(window, rhythm.find(window))

        assert alignment.signal.shape[1] == 0
        assert [remark.code for remark in alignment.remarks] == ["not_aligned"]


def test_beats_that_cannot_be_stretched_give_no_signal_and_a_reason(make_window: MakeWindow) -> None:
    window = make_window(2000)
    close = rhythm.Rhythm((1000, 1002, 1004, 1006), tuple(range(12)), 220.0)

    alignment = align(window, close)

    assert alignment.signal.shape[1] == 0
    assert [remark.code for remark in alignment.remarks] == ["not_aligned"]


def test_unusable_leads_are_left_out(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[2] = np.nan

    alignment = align(window, rhythm.find(window))

    assert len(alignment.leads) == 11
    assert "III" not in alignment.leads


def test_the_warning_filters_of_the_process_stay_as_they_were(make_window: MakeWindow) -> None:
    window = make_window()
    before = list(warnings.filters)

    align(window, rhythm.find(window))

    assert list(warnings.filters) == before
