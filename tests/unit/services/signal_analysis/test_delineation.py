"""P, QRS and T on the samples of a window."""

from collections.abc import Callable

import numpy as np
import pytest

from services.signal_analysis.delineation import ALL_LEADS, Delineation, delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def waves_of(window: Window) -> Delineation:
    return delineate(window, find_beats(window))


@pytest.mark.parametrize("rate_hz", [100, 500, 1000])
@pytest.mark.parametrize("lead", [ALL_LEADS, "II"])
def test_the_waves_lie_where_they_were_put(make_window: MakeWindow, rate_hz: float, lead: str) -> None:
    waves = waves_of(make_window(rate_hz, bpm=66)).waves

    for kind, after_s in (("P", -0.17), ("T", 0.28)):
        peaks = np.array([wave.peak for wave in waves if (wave.kind, wave.lead) == (kind, lead)])
        expected = (np.arange(0.5, 10, 60 / 66) + after_s)[1:-1] * rate_hz
        assert np.abs(peaks[:, None] - expected).min(axis=0).max() <= 0.03 * rate_hz


def test_the_points_of_every_wave_are_in_order_and_within_the_window(make_window: MakeWindow) -> None:
    window = make_window(bpm=80, first_s=0.06)

    waves = waves_of(window).waves

    for wave in waves:
        assert wave.onset is not None
        assert wave.peak is not None
        assert wave.offset is not None
        assert 0 <= wave.onset <= wave.peak <= wave.offset < window.samples
        assert wave.offset - wave.onset < window.rate_hz / 2


def test_no_p_waves_are_made_up_where_there_are_none(fibrillating: Window) -> None:
    found = waves_of(fibrillating)

    assert {wave.kind for wave in found.waves} == {"QRS", "T"}
    assert "no_p_waves" in {remark.code for remark in found.remarks}


def test_waves_are_told_of_all_leads_and_of_every_lead_with_a_signal(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[1] = 0

    found = {wave.lead for wave in waves_of(window).waves}

    assert found == {ALL_LEADS, *window.leads} - {"II"}


def test_leads_of_other_names_are_delineated_too(make_window: MakeWindow) -> None:
    window = make_window()
    frank = Window(window.signal[:3], ("X", "Y", "Z"), window.rate_hz)

    assert {wave.lead for wave in waves_of(frank).waves} == {ALL_LEADS, "X", "Y", "Z"}


def test_one_beat_has_no_waves_and_a_reason(make_window: MakeWindow) -> None:
    found = waves_of(make_window(bpm=6))

    assert found.waves == ()
    assert [remark.code for remark in found.remarks] == ["no_waves"]
