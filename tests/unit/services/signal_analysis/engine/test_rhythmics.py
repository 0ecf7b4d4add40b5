"""Rates, intervals and their variability."""

from collections.abc import Callable

import numpy as np
import pytest

from services.signal_analysis.engine.analysis import Analysis
from services.signal_analysis.engine.delineating import delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.engine.rhythmics import rhythmic, too_few, variability
from services.signal_analysis.window import Window
from tests.unit.services.signal_analysis.conftest import heartbeats


def analysed(times_s: list[float]) -> Analysis:
    beats = find_beats(heartbeats(np.array(times_s), 500.0, 10.0)).beats
    assert beats is not None
    return delineate(beats)


def test_rr_statistics_are_of_all_intervals() -> None:
    found = analysed([0.5, 1.4, 2.4, 3.3, 4.3, 5.2, 6.2, 7.1, 8.1, 9.0])

    values = {one.name: one.value for one in rhythmic(found.beats, "")}

    assert values["heart_rate"] == pytest.approx(9 / 8.5 * 60, rel=0.005)
    assert values["rr_min"] == pytest.approx(900, abs=4)
    assert values["rr_max"] == pytest.approx(1000, abs=4)


def test_variability_leaves_a_premature_beat_and_its_pause_out() -> None:
    found = analysed([0.5, 1.4, 2.3, 3.2, 3.75, 5.0, 5.9, 6.8, 7.7, 8.6])

    sdnn, rmssd = variability(found, "")

    assert sdnn.value == pytest.approx(0, abs=4)
    assert rmssd.value == pytest.approx(0, abs=4)


def test_variability_of_too_few_intervals_is_absent(make_window: Callable[..., Window]) -> None:
    beats = find_beats(make_window(bpm=30)).beats
    assert beats is not None

    sdnn, _ = variability(delineate(beats), "")

    assert sdnn.value is None
    assert "5 RR intervals" in sdnn.reason


@pytest.mark.parametrize("beats", [None])
def test_no_beats_are_too_few(beats: None) -> None:
    assert "no beat was found in 10 s" in too_few(beats, 10)
