"""The stretch of a recording that is looked at."""

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS, Recording
from services.shared.errors import InvalidRequest, TooLarge
from services.signal_analysis.window import Stretch, cut


def recording(seconds: float, rate_hz: float = 500.0) -> Recording:
    samples = round(seconds * rate_hz)
    signal = np.tile(np.arange(samples, dtype=np.float32), (12, 1))
    return Recording(signal, STANDARD_LEADS, rate_hz)


def test_a_window_is_cut_where_it_was_asked_for() -> None:
    window = cut(recording(30), Stretch(start_s=5, duration_s=2))

    assert window.signal.shape == (12, 1000)
    assert window.signal[0, 0] == 2500
    assert window.start_s == 5
    assert window.remarks == ()


def test_no_duration_means_ten_seconds() -> None:
    window = cut(recording(30), Stretch.asked(0, 0))

    assert window.duration_s == 10


def test_a_short_recording_is_shown_whole_and_says_so() -> None:
    window = cut(recording(7), Stretch())

    assert window.duration_s == 7
    assert [remark.code for remark in window.remarks] == ["window_shortened"]
    assert "7 s" in window.remarks[0].text


def test_a_rate_that_is_no_whole_number_shortens_nothing() -> None:
    window = cut(recording(10, 257.3), Stretch())

    assert window.remarks == ()


def test_a_window_past_the_end_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="7 s long"):
        cut(recording(7), Stretch(start_s=7))


@pytest.mark.parametrize(
    ("start_s", "duration_s"), [(-1, 10), (float("nan"), 10), (float("inf"), 10), (0, 61), (0, -1)]
)
def test_impossible_stretches_are_refused(start_s: float, duration_s: float) -> None:
    with pytest.raises(InvalidRequest):
        Stretch(start_s, duration_s)


def test_no_duration_but_nan_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        Stretch.asked(0, float("nan"))


def test_more_than_one_answer_carries_is_refused_with_what_would_do() -> None:
    with pytest.raises(TooLarge, match=r"at most 2\.5 s"):
        cut(recording(5, 100_000), Stretch(duration_s=5))
