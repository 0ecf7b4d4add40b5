"""R peaks on which the leads agree, and the heart rate."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from services.signal_analysis import rhythm
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


@pytest.mark.parametrize("rate_hz", [80, 100, 128, 257.3, 500, 1000, 2000])
@pytest.mark.parametrize("bpm", [30, 72, 150, 200])
def test_every_beat_is_found_at_every_rate(make_window: MakeWindow, rate_hz: float, bpm: float) -> None:
    window = make_window(rate_hz, bpm=bpm)

    found = rhythm.find(window)

    expected = np.arange(0.5, 10, 60 / bpm) * rate_hz
    inner = expected[(expected > 0.3 * rate_hz) & (expected < 9.7 * rate_hz)]
    distances = np.abs(np.array(found.r_peaks)[:, None] - inner).min(axis=0)
    assert distances.max() <= 0.02 * rate_hz
    assert found.heart_rate_bpm == pytest.approx(bpm, rel=0.02)
    assert found.remarks == ()


@pytest.mark.parametrize("duration_s", [7, 60])
def test_other_lengths_than_ten_seconds_work(make_window: MakeWindow, duration_s: float) -> None:
    found = rhythm.find(make_window(duration_s=duration_s))

    assert found.heart_rate_bpm == pytest.approx(60, rel=0.01)


@pytest.mark.parametrize("lead", [0, 3, 6])
def test_one_lead_is_enough(make_window: MakeWindow, lead: int) -> None:
    window = make_window()
    single = Window(window.signal[lead : lead + 1], (window.leads[lead],), window.rate_hz)

    found = rhythm.find(single)

    assert found.heart_rate_bpm == pytest.approx(60, rel=0.01)


def test_leads_without_a_signal_have_no_vote_and_are_named(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[1] = 0.3
    window.signal[7] = np.nan
    window.signal[8, 100] = np.nan

    found = rhythm.find(window)

    assert found.usable == (0, 2, 3, 4, 5, 6, 9, 10, 11)
    assert found.heart_rate_bpm == pytest.approx(60, rel=0.01)
    texts = {remark.code: remark.text for remark in found.remarks}
    assert texts["flat_leads"].endswith("are flat: II.")
    assert texts["leads_not_recorded"].endswith("were not recorded: V2.")
    assert texts["leads_with_gaps"].endswith("have gaps: V3.")


def test_noise_has_no_heart_rate(noise: Window) -> None:
    found = rhythm.find(noise)

    assert found.heart_rate_bpm is None
    assert "No beat was found" in found.reason


@pytest.mark.parametrize("value", [0.0, 900.0, np.nan])
def test_an_ecg_without_a_signal_says_so(noise: Window, value: float) -> None:
    found = rhythm.find(replace(noise, signal=np.full_like(noise.signal, value)))

    assert found.r_peaks == ()
    assert found.reason == "No lead carries a signal throughout the window."


@pytest.mark.parametrize(("beats", "words"), [(1, "only 1 beat was found"), (2, "only 2 beats were found")])
def test_too_few_beats_have_no_heart_rate(make_window: MakeWindow, beats: int, words: str) -> None:
    found = rhythm.find(make_window(bpm=60 * beats / 10, first_s=3))

    assert len(found.r_peaks) == beats
    assert found.heart_rate_bpm is None
    assert words in found.reason


def test_a_rate_too_low_for_beats_is_named(make_window: MakeWindow) -> None:
    assert "50 Hz" in rhythm.find(make_window(rate_hz=50)).reason


def test_a_stretch_too_short_for_beats_is_named(make_window: MakeWindow) -> None:
    assert "1 s" in rhythm.find(make_window(duration_s=1)).reason


def test_an_irregular_rhythm_is_followed(fibrillating: Window) -> None:
    found = rhythm.find(fibrillating)

    intervals = np.diff(found.r_peaks) / 500
    assert intervals.std() > 0.1
    assert found.heart_rate_bpm == pytest.approx(60 / intervals.mean())
