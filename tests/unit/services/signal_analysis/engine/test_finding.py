"""Beats over all leads, of ECGs good and bad."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from services.signal_analysis.engine.families import Kind
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def beats_at(window: Window) -> list[float]:
    beats = find_beats(window).beats
    return [] if beats is None else (beats.peaks / 500).tolist()


@pytest.mark.parametrize("bpm", [30, 45, 60, 90, 130, 180, 250])
def test_beats_are_found_from_30_to_250_per_minute(make_window: MakeWindow, bpm: float) -> None:
    found = beats_at(make_window(bpm=bpm))

    assert np.diff(found) == pytest.approx(60 / bpm, abs=0.012)
    assert len(found) == pytest.approx(9.5 * bpm / 60, abs=1.01)


@pytest.mark.parametrize(("rate_hz", "duration_s"), [(100, 10), (128, 7), (250, 30), (977, 10), (2000, 7), (500, 60)])
def test_beats_lie_at_the_same_time_at_every_rate_and_length(
    make_window: MakeWindow, rate_hz: float, duration_s: float
) -> None:
    found = np.array(beats_at(make_window(rate_hz=rate_hz, duration_s=duration_s)))

    expected = np.arange(0.5, duration_s, 1.0)
    assert len(found) == len(expected)
    assert np.abs(found - expected).max() <= 0.02


@pytest.mark.parametrize("rows", [[1], [0, 1], [0, 1, 6, 7, 8, 9, 10, 11], list(range(12))])
def test_as_many_leads_as_there_are_will_do(make_window: MakeWindow, rows: list[int]) -> None:
    window = make_window()
    some = Window(window.signal[rows], tuple(window.leads[row] for row in rows), window.rate_hz)

    assert len(beats_at(some)) == 10


def test_limb_leads_follow_from_two_of_them(make_window: MakeWindow) -> None:
    window = make_window()
    rows = [0, 1, 6, 7, 8, 9, 10, 11]
    some = Window(window.signal[rows], tuple(window.leads[row] for row in rows), window.rate_hz)

    found = find_beats(some).beats

    assert found is not None
    assert set(found.trace.leads) == set(window.leads)
    assert [found.trace.leads[row] for row in found.trace.independent] == list(some.leads)


def test_inverted_leads_change_nothing(make_window: MakeWindow) -> None:
    window = make_window()

    assert beats_at(replace(window, signal=-window.signal)) == beats_at(window)


def test_a_pulse_that_is_the_same_in_every_lead_is_no_beat(make_window: MakeWindow) -> None:
    window = make_window(bpm=60)
    window.signal[:, 4650:4750] += 1.0

    found = beats_at(window)

    assert len(found) == 10


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("leads", [1, 3, 12])
def test_noise_has_no_beats_that_are_alike(noise: Window, seed: int, leads: int) -> None:
    signal = np.random.default_rng(seed).normal(scale=0.1, size=(leads, 5000)).astype(np.float32)

    found = find_beats(Window(signal, noise.leads[:leads], 500.0))

    assert found.beats is None
    assert "alike" in found.reason


@pytest.mark.parametrize("value", [0.0, 900.0, np.nan])
def test_no_lead_with_a_signal_is_a_reason(noise: Window, value: float) -> None:
    found = find_beats(replace(noise, signal=np.full_like(noise.signal, value)))

    assert found.beats is None
    assert found.reason == "No lead carries a signal throughout the window."


def test_a_beat_of_another_form_is_ectopic(make_window: MakeWindow) -> None:
    window = make_window(bpm=60)
    wide = np.exp(-(((np.arange(5000) / 500 - 5.1) / 0.025) ** 2) / 2)
    window.signal[:, 2400:2800] = 0
    window.signal[:] += np.outer(np.linspace(-1, 1.5, 12), wide).astype(np.float32)

    found = find_beats(window).beats

    assert found is not None
    assert [kind for kind in found.kinds if kind is not Kind.DOMINANT] == [Kind.ECTOPIC]


def test_pacing_spikes_are_found_and_make_their_beats_paced(make_window: MakeWindow) -> None:
    window = make_window(bpm=60)
    at = (np.arange(0.5, 10, 1.0) * 500).astype(int) - 40
    window.signal[:, at] += np.linspace(0.5, 1.5, 12, dtype=np.float32)[:, None]

    found = find_beats(window).beats

    assert found is not None
    assert found.trace.spikes.tolist() == at.tolist()
    assert set(found.kinds) == {Kind.PACED}


def test_an_ecg_without_a_pacemaker_has_no_spikes(make_window: MakeWindow) -> None:
    found = find_beats(make_window()).beats

    assert found is not None
    assert len(found.trace.spikes) == 0
