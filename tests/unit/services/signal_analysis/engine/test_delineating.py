"""Waves of synthesized ECGs whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest

from deploy.demo.synthesis import AnnotatedEcg, synthesize_annotated
from services.signal_analysis.engine.analysis import Analysis, Mark
from services.signal_analysis.engine.delineating import delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.engine.per_lead import lead_marks
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]
SINUS = ("normal", "left_bundle_branch_block", "right_bundle_branch_block", "inferior_infarction", "hypertrophy")


def analysed(window: Window) -> Analysis:
    beats = find_beats(window).beats
    assert beats is not None
    return delineate(beats)


def window_of(ecg: AnnotatedEcg) -> Window:
    return Window(ecg.recording.signal, ecg.recording.leads, ecg.recording.rate_hz)


def shown(marks: tuple[Mark | None, ...]) -> list[Mark]:
    return [mark for mark in marks if mark is not None]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("pathology", SINUS)
def test_every_wave_of_sinus_rhythm_is_found_where_it_is(pathology: str, seed: int) -> None:
    ecg = synthesize_annotated(pathology, seed=seed)

    found = analysed(window_of(ecg))

    inside = ecg.truth.r_peaks[0] - 150, ecg.truth.r_peaks[-1] + 200

    for marks, peaks in ((found.p, ecg.truth.p_peaks), (found.qrs, ecg.truth.r_peaks), (found.t, ecg.truth.t_peaks)):
        known = peaks[np.isfinite(peaks)]
        away = [np.abs(known - mark.peak).min() for mark in shown(marks) if inside[0] <= mark.peak <= inside[1]]
        assert max(away) <= 50
        assert len(away) >= len(known) - 3


@pytest.mark.parametrize("seed", range(6))
def test_atrial_fibrillation_has_no_p_waves(seed: int) -> None:
    found = analysed(window_of(synthesize_annotated("atrial_fibrillation", seed=seed)))

    assert shown(found.p) == []
    assert "beat to beat" in found.p_reason
    assert len(shown(found.t)) >= len(found.qrs) - 2


@pytest.mark.parametrize("rate_hz", [100, 250, 1000, 2000])
def test_another_sampling_rate_moves_boundaries_little(rate_hz: float) -> None:
    usual, other = (
        analysed(window_of(synthesize_annotated("normal", seed=4, rate_hz=rate))).dominant for rate in (500, rate_hz)
    )

    assert other.qrs.onset == pytest.approx(usual.qrs.onset, abs=6)
    assert other.qrs.offset == pytest.approx(usual.qrs.offset, abs=8)
    assert usual.t is not None
    assert other.t is not None
    assert other.t.offset == pytest.approx(usual.t.offset, abs=10)


def test_baseline_wander_moves_no_boundary() -> None:
    ecg = synthesize_annotated("normal", seed=4)
    window = window_of(ecg)
    drift = 0.5 * np.sin(2 * np.pi * 0.2 * np.arange(window.samples) / window.rate_hz)
    bent = Window((window.signal + drift).astype(np.float32), window.leads, window.rate_hz)

    steady, drifting = analysed(window).dominant, analysed(bent).dominant

    assert steady.p is not None
    assert drifting.p is not None
    assert drifting.p.onset == pytest.approx(steady.p.onset, abs=10)
    assert drifting.qrs.onset == pytest.approx(steady.qrs.onset, abs=4)


def test_a_flat_st_t_has_no_t_wave(make_window: MakeWindow) -> None:
    time = np.arange(5000) / 500
    beat = sum(np.exp(-(((time - at) / 0.012) ** 2) / 2) for at in np.arange(0.5, 10, 1.0))
    noise = np.random.default_rng(1).normal(scale=0.003, size=(12, 5000))
    signal = np.outer(np.linspace(-1, 1.5, 12), beat) + noise
    window = make_window()

    found = analysed(Window(signal.astype(np.float32), window.leads, 500.0))

    assert shown(found.t) == []
    assert found.t_reason
    assert shown(found.p) == []


def test_the_qrs_of_a_paced_beat_begins_after_its_spike(make_window: MakeWindow) -> None:
    window = make_window(bpm=60)
    at = (np.arange(0.5, 10, 1.0) * 500).astype(int) - 25
    window.signal[:, at] += np.linspace(0.5, 1.5, 12, dtype=np.float32)[:, None]

    found = analysed(window)

    for mark, spike in zip(found.qrs, at, strict=True):
        assert 0 < mark.onset - spike <= 10


def test_every_lead_has_boundaries_near_the_global_ones() -> None:
    found = analysed(window_of(synthesize_annotated("normal", seed=4)))

    own = lead_marks(found)

    for table, marks in ((own.qrs, found.qrs), (own.t, found.t), (own.p, found.p)):
        for rows, mark in zip(table, marks, strict=True):
            if mark is not None:
                assert np.nanmax(np.abs(rows[:, 0] - mark.onset)) <= 100
                assert np.nanmax(np.abs(rows[:, 2] - mark.offset)) <= 100
