"""P, QRS and T on the native signal."""

from collections.abc import Callable

import numpy as np
import pytest

from services.signal_analysis import rhythm
from services.signal_analysis.delineation import delineate
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


@pytest.mark.parametrize("rate_hz", [100, 500, 1000])
def test_the_waves_lie_where_they_were_put(make_window: MakeWindow, rate_hz: float) -> None:
    window = make_window(rate_hz, bpm=66)
    found = rhythm.find(window)

    waves = delineate(window, found).waves

    for kind, after_s in (("P", -0.17), ("T", 0.28)):
        peaks = np.array([wave.peak for wave in waves if wave.kind == kind])
        expected = (np.arange(0.5, 10, 60 / 66) + after_s)[1:-1] * rate_hz
        assert np.abs(peaks[:, None] - expected).min(axis=0).max() <= 0.025 * rate_hz


def test_every_qrs_has_its_r_peak_between_onset_and_offset(make_window: MakeWindow) -> None:
    window = make_window()
    found = rhythm.find(window)

    complexes = [wave for wave in delineate(window, found).waves if wave.kind == "QRS"]

    assert [wave.peak for wave in complexes] == list(found.r_peaks)
    for wave in complexes:
        assert wave.onset is not None
        assert wave.offset is not None
        assert wave.onset < (wave.peak or 0) < wave.offset


def test_no_p_waves_are_made_up_where_there_are_none(fibrillating: Window) -> None:
    delineation = delineate(fibrillating, rhythm.find(fibrillating))

    assert {wave.kind for wave in delineation.waves} == {"QRS", "T"}
    assert "no_p_waves" in {remark.code for remark in delineation.remarks}


def test_the_lead_that_was_used_is_named(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[1] = 0

    delineation = delineate(window, rhythm.find(window))

    assert {wave.lead for wave in delineation.waves} == {"I"}


def test_leads_of_other_names_are_delineated_too(make_window: MakeWindow) -> None:
    window = make_window()
    frank = Window(window.signal[:3], ("X", "Y", "Z"), window.rate_hz)

    assert {wave.lead for wave in delineate(frank, rhythm.find(frank)).waves} == {"X"}


def test_a_first_beat_cut_off_by_the_start_shifts_no_other(make_window: MakeWindow) -> None:
    window = make_window(first_s=0.06)
    found = rhythm.find(window)

    waves = delineate(window, found).waves

    for wave in waves:
        points = [point for point in (wave.onset, wave.peak, wave.offset) if point is not None]
        assert points == sorted(points)
        assert points[-1] - points[0] < window.rate_hz / 2


def test_one_beat_has_no_waves_and_a_reason(make_window: MakeWindow) -> None:
    window = make_window(bpm=6)

    delineation = delineate(window, rhythm.find(window))

    assert delineation.waves == ()
    assert [remark.code for remark in delineation.remarks] == ["no_waves"]
