import numpy as np
import pytest

from services.ingest.decoding.calibration import without_pulse
from services.shared.ecg import Signal
from tests.unit.services.ingest.ecgs import twelve_leads


def pulsed(begin: int = 1200, *, high: float = 1.0, samples: int = 100) -> Signal:
    """Return three seconds at 500 Hz with a pulse of some samples, fifty after the beginning of the tail."""
    signal = twelve_leads(1500)
    signal[:, begin:] = 0
    signal[:, begin + 50 : begin + 50 + samples] = high
    return signal


def test_what_follows_the_last_whole_second_before_a_pulse_is_cropped() -> None:
    signal, remarks = without_pulse(pulsed(), 500)

    np.testing.assert_array_equal(signal, twelve_leads(1500)[:, :1000])
    assert [remark.code for remark in remarks] == ["calibration_pulse"]
    assert "From sample 1200 on" in remarks[0].text
    assert "the 2 s before it" in remarks[0].text


def test_a_pulse_that_a_converter_rounded_is_found() -> None:
    signal = pulsed()
    signal[3, 1300:] += 0.01

    assert without_pulse(signal, 500)[0].shape == (12, 1000)


@pytest.mark.parametrize(
    "signal",
    [
        twelve_leads(1500),
        pulsed(high=0.0),
        pulsed(high=0.5),
        pulsed(samples=20),
        pulsed(samples=240),
        pulsed()[:1],
        pulsed() * np.linspace(0.5, 1, 12, dtype=np.float32)[:, None],
        np.where(np.arange(1500) > 1400, np.float32(np.nan), pulsed()),
        np.zeros((12, 1500), np.float32),
        np.ones((12, 3), np.float32),
    ],
    ids=["none", "flat", "low", "short", "long", "one lead", "unlike", "gap", "nothing", "tiny"],
)
def test_nothing_else_is_taken_for_a_pulse(signal: Signal) -> None:
    kept, remarks = without_pulse(signal, 500)

    assert kept is signal
    assert not remarks
