"""Every index measures what was put in, in its unit."""

import numpy as np
import pytest

from services.shared.ecg import Signal
from services.shared.quality import indices
from tests.unit.services.shared.quality.hearts import ecg

RATES = pytest.mark.parametrize("rate_hz", [100.0, 250.0, 500.0, 1000.0])


def wave(hz: float, amplitude: float, rate_hz: float, seconds: float = 10.0) -> Signal:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * hz * at + 0.7))[None].astype(np.float32)


def noise(deviation: float, rate_hz: float) -> Signal:
    return np.random.default_rng(0).normal(0, deviation, (1, round(10 * rate_hz))).astype(np.float32)


@pytest.mark.parametrize("hz", [49.8, 50.0, 50.3])
@pytest.mark.parametrize("rate_hz", [150.0, 250.0, 500.0, 1000.0])
def test_mains_is_an_amplitude(hz: float, rate_hz: float) -> None:
    found = indices.mains_mv(ecg(rate_hz=rate_hz) + wave(hz, 0.1, rate_hz), rate_hz)

    np.testing.assert_allclose(found[50.0], 0.1, rtol=0.15)


def test_sixty_hertz_is_told_from_fifty() -> None:
    found = indices.mains_mv(wave(60, 0.1, 500), 500)

    assert (found[60.0][0], found[50.0][0]) == (pytest.approx(0.1, rel=0.05), pytest.approx(0, abs=0.005))


def test_a_rate_that_cannot_carry_sixty_hertz_says_nothing_of_it() -> None:
    assert set(indices.mains_mv(wave(30, 0.1, 100), 100)) == {50.0}
    assert indices.mains_mv(wave(20, 0.1, 50), 50) == {}


def test_an_ecg_without_mains_has_none() -> None:
    assert max(float(values.max()) for values in indices.mains_mv(ecg(), 500).values()) < 0.01


@RATES
def test_drift_is_peak_to_peak(rate_hz: float) -> None:
    assert indices.drift_mv(wave(0.2, 0.5, rate_hz), rate_hz)[0] == pytest.approx(1.0, rel=0.1)
    assert indices.drift_mv(ecg(rate_hz=rate_hz), rate_hz).max() < 0.25


@RATES
def test_noise_is_a_standard_deviation(rate_hz: float) -> None:
    signal = ecg(rate_hz=rate_hz) + noise(0.08, rate_hz)

    found = indices.noise_mv(indices.narrow(signal, rate_hz), rate_hz, {})

    np.testing.assert_allclose(found, 0.08, rtol=0.2)


def test_mains_is_not_noise() -> None:
    signal = wave(50, 0.1, 500) + noise(0.01, 500)
    mains = indices.mains_mv(signal, 500)

    assert indices.noise_mv(indices.narrow(signal, 500), 500, mains)[0] < 0.03


def test_saturated_is_the_share_at_the_limit() -> None:
    signal = np.clip(wave(1, 1.0, 500), -2, 0.5)

    assert indices.saturated_share(signal, 500)[0] == pytest.approx(1 / 3, abs=0.01)
    assert indices.saturated_share(ecg(), 500).max() == 0


def test_flat_is_the_longest_still_run() -> None:
    signal = wave(3, 0.5, 500)
    signal[:, 1000:2500] = 0.2
    signal[:, 3000:3400] = 0.2

    assert indices.longest_flat_s(signal, 500)[0] == pytest.approx(3.0, abs=0.1)


def test_a_step_ends_a_still_run() -> None:
    signal = np.zeros((1, 5000), np.float32)
    signal[:, 2500:] = 1

    assert indices.longest_flat_s(signal, 500)[0] == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_a_few_samples_break_nothing(samples: int) -> None:
    signal = np.zeros((2, samples), np.float32)

    assert indices.mains_mv(signal, 500) == {}
    for values in (
        indices.drift_mv(signal, 500),
        indices.saturated_share(signal, 500),
        indices.longest_flat_s(signal, 500),
        indices.noise_mv(indices.narrow(signal, 500), 500, {}),
    ):
        assert values.tolist() == [0, 0] or values.shape == (2,)
