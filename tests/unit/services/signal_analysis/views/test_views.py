"""The views, on ECGs good and bad."""

from collections.abc import Callable

import numpy as np
import pytest

from services.signal_analysis.view import ViewKind
from services.signal_analysis.views import MAKERS, events, median_beats, qrs, raw, representative
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def test_every_kind_has_a_maker_that_returns_it(make_window: MakeWindow) -> None:
    window = make_window()

    assert set(MAKERS) == set(ViewKind)
    for kind, make in MAKERS.items():
        view = make(window)
        assert view.kind == kind
        assert view.heart_rate_bpm == pytest.approx(60, rel=0.01)


@pytest.mark.parametrize("make", [raw.make, events.make])
def test_raw_and_events_carry_the_native_signal_untouched(make_window: MakeWindow, make: Callable[..., object]) -> None:
    window = make_window()

    view = make(window)

    assert view.signal is window.signal  # type: ignore[attr-defined]


def test_qrs_complexes_have_their_r_peak_at_the_same_sample(make_window: MakeWindow) -> None:
    window = make_window()

    view = qrs.make(window)

    assert view.beats is not None
    assert view.beats.shape == (12, len(view.r_peaks), 126)
    assert view.beats.dtype == np.float32
    peaks = np.argmax(view.beats[1], axis=1)
    assert np.abs(peaks - view.beat_peak_index).max() <= 2


def test_qrs_complexes_cut_off_by_an_end_are_left_out_and_counted(make_window: MakeWindow) -> None:
    view = qrs.make(make_window(first_s=0.88))

    assert view.beats is not None
    assert view.beats.shape[1] == len(view.r_peaks) == 9
    assert "1 QRS" in next(remark.text for remark in view.remarks if remark.code == "beats_cut_off")


def test_a_median_beat_looks_like_the_beats(make_window: MakeWindow) -> None:
    window = make_window(bpm=60)

    view = median_beats.make(window)

    assert view.signal is not None
    assert view.signal.shape == (12, 500)
    own = window.signal[1, 250 + 500 * 3 - 166 : 250 + 500 * 3 + 334]
    assert np.corrcoef(view.signal[1], own)[0, 1] > 0.98
    assert int(np.argmax(view.signal[1])) == pytest.approx(view.beat_peak_index, abs=2)


def test_a_median_beat_of_three_beats_is_told_or_refused(make_window: MakeWindow) -> None:
    view = median_beats.make(make_window(duration_s=2.2, bpm=80, first_s=0.3))

    assert (view.signal is None) == ("no_whole_beat" in {remark.code for remark in view.remarks})


@pytest.mark.parametrize("bpm", [48, 75, 130])
def test_a_representative_beat_is_on_the_patients_own_time(make_window: MakeWindow, bpm: float) -> None:
    view = representative.make(make_window(bpm=bpm))

    assert view.signal is not None
    assert view.signal.shape[1] <= 60 / bpm * 500 + 1
    peak = view.beat_peak_index
    assert int(np.argmax(view.signal[1])) == pytest.approx(peak, abs=2)
    t_peak = peak + 90 + int(np.argmax(view.signal[1, peak + 90 : peak + 180]))
    assert (t_peak - peak) / 500 == pytest.approx(0.28 if bpm < 130 else 0.24, abs=0.05)
    assert view.filter == "no filter"


def test_beats_of_another_form_are_left_out_of_the_representative_beat(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[:, 2200:2300] += 3 * np.hanning(100).astype(np.float32)

    view = representative.make(window)

    assert "8 beats of the same form, of 10 found" in view.remarks[-1].text


def test_baseline_wander_does_not_blur_the_representative_beat(make_window: MakeWindow) -> None:
    window = make_window()
    still = representative.make(window).signal
    window.signal[:] += np.sin(2 * np.pi * 0.2 * np.arange(window.samples) / 500).astype(np.float32)

    moved = representative.make(window).signal

    assert still is not None
    assert moved is not None
    qrs_and_t = slice(110, 330)
    assert np.abs(moved[:, qrs_and_t] - still[:, qrs_and_t]).max() < 0.25


@pytest.mark.parametrize("kind", ViewKind)
@pytest.mark.parametrize("fill", ["noise", "zeros", "nan", "spike", "step", "ramp", "mains"])
@pytest.mark.parametrize(("rate_hz", "duration_s"), [(50, 10), (100, 1), (100, 7), (500, 10), (2000, 3)])
def test_what_is_no_ecg_gets_an_answer_with_remarks(
    kind: ViewKind, fill: str, rate_hz: float, duration_s: float
) -> None:
    time = np.arange(round(rate_hz * duration_s)) / rate_hz
    trace = {
        "noise": np.random.default_rng(1).normal(size=len(time)),
        "zeros": np.zeros_like(time),
        "nan": np.full_like(time, np.nan),
        "spike": np.where(time == time[len(time) // 2], 1.0, 0.0),
        "step": np.where(time > duration_s / 2, 1.0, 0.0),
        "ramp": time,
        "mains": np.sin(2 * np.pi * 50.3 * time),
    }[fill]
    window = Window(np.tile(trace, (3, 1)).astype(np.float32), ("I", "II", "III"), rate_hz)

    view = MAKERS[kind](window)

    assert view.remarks or view.heart_rate_bpm is not None
    assert (view.signal is not None) == (kind in {ViewKind.RAW, ViewKind.EVENTS}) or view.heart_rate_bpm is not None
