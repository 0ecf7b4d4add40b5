"""Pacing spikes are regular and narrow; other narrow events are spikes of their lead."""

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.quality import Flag, Grade, Pacing, Quality, assess
from tests.bench.faults import noise
from tests.unit.services.shared.quality.hearts import ecg

R_PEAKS_S = np.arange(0.4, 10, 60 / 72)


def judged(signal: Signal, rate_hz: float = 500.0) -> Quality:
    return assess(signal, STANDARD_LEADS, rate_hz)


def with_spikes(at_s: np.ndarray, height_mv: float, rate_hz: float = 500.0, leads: slice = slice(None)) -> Signal:
    """Return a clean ECG with spikes 1 ms wide."""
    signal = ecg(rate_hz=rate_hz)
    wide = max(1, round(0.001 * rate_hz))
    for at in (at_s[(at_s > 0) & (at_s < 9.9)] * rate_hz).astype(int):
        signal[leads, at : at + wide] += np.float32(height_mv)
    return signal


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 4000.0])
@pytest.mark.parametrize("ahead_s", [0.06, 0.15])
def test_spikes_before_every_beat_are_pacing(rate_hz: float, ahead_s: float) -> None:
    found = judged(with_spikes(R_PEAKS_S - ahead_s, 0.6, rate_hz), rate_hz)

    assert (found.pacing, found.grade) == (Pacing.SUSPECTED, Grade.GOOD)
    assert [reason.code for reason in found.reasons] == ["pacing"]


def test_spikes_at_a_rate_of_their_own_are_pacing() -> None:
    assert judged(with_spikes(np.arange(0.2, 10, 0.97), 0.6)).pacing is Pacing.SUSPECTED


def test_below_500_hz_pacing_cannot_be_judged() -> None:
    assert judged(with_spikes(R_PEAKS_S - 0.1, 0.6, 250), 250).pacing is Pacing.NOT_JUDGED


def test_qrs_complexes_are_no_pacing_at_any_rate() -> None:
    for per_minute in (40, 72, 150, 250):
        assert judged(ecg(per_minute=per_minute)).pacing is Pacing.NONE


def test_spikes_without_a_rule_are_spikes_of_their_lead() -> None:
    at_s = np.array([0.75, 1.6, 2.41, 4.9, 6.65, 9.1])

    found = judged(with_spikes(at_s, 0.8, leads=slice(6, 7)))

    assert found.pacing is Pacing.NONE
    assert {lead.lead: lead.flags for lead in found.leads if lead.flags} == {"V1": (Flag.SPIKES,)}


def test_bursts_of_noise_are_no_pacing() -> None:
    signal = ecg(rate_hz=4000)
    for start in range(0, 39_000, 1200):
        signal[:, start : start + 480] += np.random.default_rng(start).normal(0, 1, (12, 480)).astype(np.float32)

    assert judged(signal, 4000).pacing is Pacing.NONE


def test_noise_is_neither() -> None:
    found = judged(noise(ecg(), 0.05, np.random.default_rng(0)))

    assert found.pacing is Pacing.NONE
    assert {lead.flags for lead in found.leads} == {(Flag.NOISE,)}
