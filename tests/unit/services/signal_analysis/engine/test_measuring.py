"""All that is measured, of ECGs good and bad."""

from collections.abc import Callable

import numpy as np
import pytest

from deploy.demo.synthesis import synthesize
from services.signal_analysis.engine.measuring import measure
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def table(window: Window) -> dict[tuple[str, str], Measurement]:
    return {(one.name, one.lead): one for one in measure(window)}


def synthesized(pathology: str, seed: int = 4, **how: float) -> Window:
    one = synthesize(pathology, seed=seed, **how)
    return Window(one.signal, one.leads, one.rate_hz)


def test_a_normal_ecg_is_measured_within_plausible_limits() -> None:
    found = table(synthesized("normal"))

    limits = {
        "heart_rate": (45, 110), "p_duration": (60, 150), "pr_interval": (100, 230), "qrs_duration": (60, 115),
        "qt_interval": (300, 470), "qtc_fridericia": (330, 470), "qrs_axis": (-30, 100), "sokolow_lyon": (0.3, 4),
        "hrv_sdnn": (1, 200),
    }  # fmt: skip
    for name, (low, high) in limits.items():
        value = found[name, ""].value
        assert value is not None, found[name, ""].reason
        assert low <= value <= high, name


def test_the_corrections_of_qt_follow_their_formulas(make_window: MakeWindow) -> None:
    found = table(make_window(bpm=75))

    qt, rr = (found[name, ""].value for name in ("qt_interval", "rr_mean"))

    assert qt is not None
    assert rr is not None
    assert found["qtc_bazett", ""].value == pytest.approx(qt / np.sqrt(rr / 1000), abs=0.2)
    assert found["qtc_fridericia", ""].value == pytest.approx(qt / np.cbrt(rr / 1000), abs=0.2)
    assert found["qtc_framingham", ""].value == pytest.approx(qt + 154 * (1 - rr / 1000), abs=0.2)
    assert found["qtc_hodges", ""].value == pytest.approx(qt + 1.75 * (60_000 / rr - 60), abs=0.2)


def test_amplitudes_are_those_of_the_wave_put_there(make_window: MakeWindow) -> None:
    found = table(make_window())

    assert found["r_amplitude", "V4"].value == pytest.approx(1.2 * 1.0, abs=0.06)
    assert found["t_amplitude", "V4"].value == pytest.approx(1.2 * 0.3, abs=0.04)
    assert found["p_amplitude", "V4"].value == pytest.approx(1.2 * 0.12, abs=0.03)
    assert found["st_j80", "V4"].value == pytest.approx(0, abs=0.03)


def test_what_has_no_value_has_a_reason_and_what_has_one_has_none(fibrillating: Window) -> None:
    for one in measure(fibrillating):
        assert (one.value is None) == bool(one.reason), one


def test_fibrillation_has_no_p_no_pr_and_no_variability(fibrillating: Window) -> None:
    found = table(fibrillating)

    for name in ("p_duration", "pr_interval", "p_axis", "hrv_sdnn", "hrv_rmssd"):
        assert found[name, ""].value is None
        assert "beat to beat" in found[name, ""].reason
    assert found["qrs_duration", ""].value is not None


def test_an_axis_turns_with_the_heart() -> None:
    window = synthesized("normal")
    turned = window.signal.copy()
    turned[:6] *= -1

    before, after = (table(Window(one, window.leads, window.rate_hz))["qrs_axis", ""].value
                     for one in (window.signal, turned))  # fmt: skip

    assert before is not None
    assert after is not None
    assert abs(abs(before - after) - 180) <= 3


@pytest.mark.parametrize("kind", ["flat", "noise", "nan", "one beat", "short", "slow rate"])
def test_what_cannot_be_measured_is_absent_with_a_reason(make_window: MakeWindow, noise: Window, kind: str) -> None:
    window = {
        "flat": Window(np.zeros_like(noise.signal), noise.leads, 500.0),
        "noise": noise,
        "nan": Window(np.full_like(noise.signal, np.nan), noise.leads, 500.0),
        "one beat": make_window(bpm=6, first_s=3),
        "short": make_window(duration_s=1),
        "slow rate": make_window(rate_hz=50),
    }[kind]

    found = measure(window)

    assert {one.name for one in found if one.value is not None} <= {"beats_dominant", "beats_ectopic", "beats_paced"}
    assert all(one.reason for one in found if one.value is None)


def test_one_lead_has_a_rhythm_but_no_intervals(make_window: MakeWindow) -> None:
    window = make_window()

    found = table(Window(window.signal[1:2], ("II",), window.rate_hz))

    assert found["heart_rate", ""].value == pytest.approx(60, rel=0.01)
    assert found["qrs_duration", ""].value is None
    assert "independent leads" in found["qrs_duration", ""].reason


def test_eight_leads_measure_like_twelve() -> None:
    window = synthesized("normal")
    rows = [0, 1, 6, 7, 8, 9, 10, 11]

    twelve = table(window)
    eight = table(Window(window.signal[rows], tuple(window.leads[row] for row in rows), window.rate_hz))

    for name in ("pr_interval", "qrs_duration", "qt_interval", "qrs_axis", "sokolow_lyon"):
        assert eight[name, ""].value == pytest.approx(twelve[name, ""].value, abs=1)
    assert eight["cornell_voltage", ""].value is None


def test_leads_with_gaps_are_left_out_and_say_so() -> None:
    window = synthesized("normal")
    window.signal[6, 1000:1400] = np.nan
    window.signal[11] = 0

    found = table(window)

    assert found["r_amplitude", "V1"].reason
    assert found["r_amplitude", "V6"].reason
    assert found["sokolow_lyon", ""].value is None
    assert found["qrs_duration", ""].value is not None


@pytest.mark.parametrize(("rate_hz", "duration_s"), [(100, 10), (2000, 7), (500, 60)])
def test_rate_and_length_change_little(rate_hz: float, duration_s: float) -> None:
    usual, other = (
        table(synthesized("normal", rate_hz=rate, duration_s=length))
        for rate, length in ((500, 10), (rate_hz, duration_s))
    )

    for name, within in (("heart_rate", 4), ("pr_interval", 16), ("qrs_duration", 14), ("qt_interval", 20)):
        assert other[name, ""].value == pytest.approx(usual[name, ""].value, abs=within), name


@pytest.mark.parametrize("bpm", [30, 250])
def test_extreme_rates_are_measured_or_refused(make_window: MakeWindow, bpm: float) -> None:
    found = table(make_window(bpm=bpm))

    assert found["heart_rate", ""].value == pytest.approx(bpm, rel=0.02)
    assert all((one.value is None) == bool(one.reason) for one in found.values())


def test_paced_beats_are_counted() -> None:
    window = synthesized("normal")
    found = table(window)
    beats = sum(found[f"beats_{kind}", ""].value or 0 for kind in ("dominant", "ectopic", "paced"))

    assert found["beats_paced", ""].value == 0
    assert beats == pytest.approx((found["heart_rate", ""].value or 0) / 6, abs=1.5)
