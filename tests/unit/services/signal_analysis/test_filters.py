"""What the filters of the raw view do, and what they tell."""

import numpy as np
import pytest

from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest
from services.signal_analysis.filters import UNFILTERED, Filters, cut_filtered
from services.signal_analysis.window import Stretch, Window

RATE = 1000.0


def tone(at_hz: float, *, rate_hz: float = RATE, duration_s: float = 60.0) -> Recording:
    time = np.arange(round(rate_hz * duration_s)) / rate_hz
    return Recording(np.sin(2 * np.pi * at_hz * time)[None].astype(np.float32), ("II",), rate_hz)


def gain(recording: Recording, filters: Filters) -> float:
    window = cut_filtered(recording, Stretch(25.0, 10.0), filters)
    plain = cut_filtered(recording, Stretch(25.0, 10.0), UNFILTERED)
    return float(np.dot(window.signal[0], plain.signal[0]) / np.dot(plain.signal[0], plain.signal[0]))


def test_nothing_is_filtered_unless_asked() -> None:
    recording = tone(50)

    window = cut_filtered(recording, Stretch(), UNFILTERED)

    assert (window.signal == recording.signal[:, :10_000]).all()
    assert window.filter == "no filter"
    assert window.remarks == ()


@pytest.mark.parametrize(
    ("filters", "at_hz"),
    [(Filters(low_pass_hz=40), 40), (Filters(low_pass_hz=150), 150), (Filters(baseline_hz=0.5), 0.5)],
)
def test_half_of_the_power_is_left_at_the_stated_frequency(filters: Filters, at_hz: float) -> None:
    assert gain(tone(at_hz), filters) == pytest.approx(2**-0.5, abs=0.02)


@pytest.mark.parametrize(
    ("filters", "at_hz", "least", "most"),
    [
        (Filters(low_pass_hz=40), 5, 0.99, 1.01),
        (Filters(low_pass_hz=40), 120, -0.05, 0.05),
        (Filters(baseline_hz=0.5), 5, 0.99, 1.01),
        (Filters(baseline_hz=0.5), 0.1, -0.05, 0.05),
        (Filters(baseline_hz=0.05), 1, 0.98, 1.02),
        (Filters(notch_hz=50), 50, -0.02, 0.02),
        (Filters(notch_hz=50), 40, 0.95, 1.01),
        (Filters(notch_hz=60), 60, -0.02, 0.02),
    ],
)
def test_what_is_within_stays_and_what_is_beyond_goes(
    filters: Filters, at_hz: float, least: float, most: float
) -> None:
    assert least <= gain(tone(at_hz), filters) <= most


def test_nothing_is_shifted_in_time() -> None:
    signal = np.zeros((1, 10_000), np.float32)
    signal[0, 4990:5011] = np.hanning(21)
    recording = Recording(signal, ("II",), RATE)

    window = cut_filtered(recording, Stretch(), Filters(0.5, 40, 50))

    assert int(np.argmax(window.signal[0])) == 5000


@pytest.mark.parametrize("baseline_hz", [0.05, 0.5])
def test_a_recording_that_begins_and_ends_within_a_qrs_does_not_swing(baseline_hz: float) -> None:
    beat = np.concatenate((np.zeros(460), np.hanning(80), np.zeros(460)))
    signal = np.tile(beat, 11)[None, 500:10_500].astype(np.float32)
    recording = Recording(signal, ("II",), RATE)

    window = cut_filtered(recording, Stretch(), Filters(baseline_hz=baseline_hz))

    assert np.abs(window.signal - signal).max() < 0.2


def test_40_hz_is_said_not_to_be_diagnostic() -> None:
    window = cut_filtered(tone(5), Stretch(), Filters(low_pass_hz=40))

    assert window.filter == "low-pass 40 Hz (not diagnostic)"
    assert [remark.code for remark in window.remarks] == ["filtered", "not_diagnostic"]
    assert "no diagnostic bandwidth" in window.remarks[1].text


@pytest.mark.parametrize(
    ("filters", "state"),
    [
        (UNFILTERED, "no filter"),
        (Filters(baseline_hz=0.5), "high-pass 0.5 Hz"),
        (Filters(low_pass_hz=150), "low-pass 150 Hz"),
        (Filters(notch_hz=60), "60 Hz notch"),
        (Filters(0.05, 150), "0.05\N{EN DASH}150 Hz"),
        (Filters(0.5, 40, 50), "0.5\N{EN DASH}40 Hz (not diagnostic), 50 Hz notch"),
    ],
)
def test_the_state_is_told_as_devices_print_it(filters: Filters, state: str) -> None:
    assert filters.state == state


def test_a_filter_above_the_recording_is_left_out_and_said_to_be() -> None:
    window = cut_filtered(tone(5, rate_hz=250), Stretch(), Filters(low_pass_hz=150))

    assert window.filter == "no filter"
    assert [remark.code for remark in window.remarks] == ["filter_not_applied"]
    assert window.remarks[0].text.startswith("Not applied: low-pass 150 Hz.")


def test_only_what_is_left_out_is_said_to_be() -> None:
    window = cut_filtered(tone(5, rate_hz=100), Stretch(), Filters(0.5, 40, 50))

    assert window.filter == "0.5\N{EN DASH}40 Hz (not diagnostic)"
    assert window.remarks[0].text.startswith("Not applied: 50 Hz notch. This ECG is recorded at 100 Hz")


def test_gaps_stay_gaps_and_spread_no_further() -> None:
    recording = tone(5)
    recording.signal[0, 3000:3100] = np.nan

    window: Window = cut_filtered(recording, Stretch(), Filters(0.5, 150, 50))

    assert (np.flatnonzero(np.isnan(window.signal[0])) == np.arange(3000, 3100)).all()


@pytest.mark.parametrize("wrong", [{"baseline_hz": 1.0}, {"low_pass_hz": 100.0}, {"notch_hz": 55.0}])
def test_other_filters_do_not_exist(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest, match="filter is at"):
        Filters(**wrong)
