"""What is measured on a recording, and the waves that it was measured on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.shared.ecg import Recording
from services.signal_analysis import measuring
from services.signal_analysis.engine import delineating
from services.signal_analysis.engine import measuring as engine
from services.signal_analysis.engine.analysis import Analysis, Beats
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.measuring import annotate_recording, measure_recording
from services.signal_analysis.window import Window


def recorded(window: Window) -> Recording:
    return Recording(signal=window.signal, leads=window.leads, rate_hz=window.rate_hz)


@pytest.mark.parametrize(("bpm", "rate_hz"), [(60, 500.0), (95, 250.0), (10, 500.0), (4, 500.0)])
def test_annotations_are_what_is_measured_without_them(
    make_window: Callable[..., Window], bpm: float, rate_hz: float
) -> None:
    recording = recorded(make_window(rate_hz, bpm=bpm))

    measured, _ = annotate_recording(recording)

    assert measured == measure_recording(recording)


def test_waves_are_those_of_the_engine_on_the_samples_of_the_recording(make_window: Callable[..., Window]) -> None:
    window = make_window(1000.0, bpm=66)
    beats = find_beats(window).beats
    assert beats is not None
    analysis = delineating.delineate(beats)

    _, waves = annotate_recording(recorded(window))

    for kind, marks in (("P", analysis.p), ("QRS", analysis.qrs), ("T", analysis.t)):
        expected = [(round(2 * mark.onset), round(2 * mark.offset)) for mark in marks if mark is not None]
        assert [(wave.onset, wave.offset) for wave in waves if wave.kind == kind] == expected
    assert [wave.onset for wave in waves] == sorted(wave.onset for wave in waves)


def test_an_ecg_without_beats_has_no_waves(noise: Window) -> None:
    measured, waves = annotate_recording(recorded(noise))

    assert waves == ()
    assert measured == measure_recording(recorded(noise))


def test_beats_and_waves_are_found_once_for_both(
    make_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[Window] = []
    delineated: list[Beats] = []
    delineate = delineating.delineate

    def find(window: Window) -> object:
        searched.append(window)
        return find_beats(window)

    def found(beats: Beats) -> Analysis:
        delineated.append(beats)
        return delineate(beats)

    for module in (measuring, engine):
        monkeypatch.setattr(module, "find_beats", find)
    monkeypatch.setattr(delineating, "delineate", found)

    annotate_recording(recorded(make_window()))

    assert (len(searched), len(delineated)) == (1, 1)


def test_the_first_minute_is_measured(make_window: Callable[..., Window]) -> None:
    long, minute = make_window(250.0, 90.0), make_window(250.0, 90.0)
    minute = replace(minute, signal=minute.signal[:, : 60 * 250])

    assert annotate_recording(recorded(long)) == annotate_recording(recorded(minute))
