import numpy as np
import pytest

from services.ingest.decoding.leads import canonical, derive, inverted, is_lead, of_code, residuals
from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest.ecgs import twelve_leads

LEADS = dict(zip(STANDARD_LEADS, twelve_leads(), strict=True))


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("I", "I"), ("avr", "aVR"), ("AVL", "aVL"), ("Lead I", "I"), ("MDC_ECG_LEAD_aVF", "aVF"), ("lead_v1", "V1"),
        ("ECG II", "II"), ("v6 (mV)", "V6"), ("Lead I (Einthoven)", "I"), ("aVR, augmented voltage, right", "aVR"),
        ("DIII", "III"), (" V 3 ", "V3"), ("ECG_LEAD_V2", "V2"),
    ],
)  # fmt: skip
def test_names_of_leads_are_understood(name: str, lead: str) -> None:
    assert canonical(name) == lead


@pytest.mark.parametrize("name", ["", "V7", "Vx", "MLII", "-aVR", "IV", "time", "ABP", "V", "0", "D1"])
def test_other_names_mean_no_standard_lead(name: str) -> None:
    assert canonical(name) is None


@pytest.mark.parametrize(
    ("code", "lead"),
    [("2:1", "I"), ("5.6.3-9-62", "aVR"), ("2:8", "V6"), ("2:65", "-aVR"), ("2:99", None)],
)
def test_codes_of_leads_are_understood(code: str, lead: str | None) -> None:
    assert of_code(code) == lead


def test_four_leads_follow_from_two() -> None:
    leads = {name: LEADS[name] for name in ("I", "II", "V1")}

    added = derive(leads)

    assert added == ("III", "aVR", "aVL", "aVF")
    for name in added:
        np.testing.assert_allclose(leads[name], LEADS[name], atol=1e-6)


@pytest.mark.parametrize("absent", ["I", "II"])
def test_the_third_of_einthovens_leads_follows_from_the_others(absent: str) -> None:
    leads = {name: LEADS[name] for name in ("I", "II", "III") if name != absent}

    derive(leads)

    np.testing.assert_allclose(leads[absent], LEADS[absent], atol=1e-6)


def test_one_limb_lead_determines_none() -> None:
    assert derive({"I": LEADS["I"], "V1": LEADS["V1"]}) == ()


def test_the_residual_is_how_far_a_recorded_lead_is_off() -> None:
    leads = dict(LEADS) | {"aVF": LEADS["aVF"] + np.float32(0.3)}

    off = residuals(leads, ())

    assert off["aVF"] == pytest.approx(0.3, abs=1e-5)
    assert off["III"] == pytest.approx(0, abs=1e-5)


def test_what_was_derived_is_not_checked_against_itself() -> None:
    leads = {name: LEADS[name] for name in ("I", "II")}

    assert residuals(leads, derive(leads)) == {}


@pytest.mark.parametrize(
    "name",
    [
        "-aVR",
        "−aVR",
        "Lead -aVR",
        "ECG -aVR",
        "MDC_ECG_LEAD_-aVR",
        "MDC_ECG_LEAD_AVRneg",
        "aVR (inverted)",
        "-avr (mV)",
    ],
)
def test_a_lead_held_upside_down_is_never_the_lead_itself(name: str) -> None:
    assert canonical(name) is None
    assert inverted(name) == "aVR"


@pytest.mark.parametrize("name", ["aVR", "ECG-aVR", "Lead - aVR", "V7", "", "-"])
def test_a_dash_that_separates_turns_nothing(name: str) -> None:
    assert inverted(name) is None


@pytest.mark.parametrize(
    ("name", "lead"), [("I", True), ("-aVR", True), ("V7", True), ("vx", True), ("HR", False), ("label", False)]
)
def test_leads_are_told_from_other_columns(name: str, *, lead: bool) -> None:
    assert is_lead(name) is lead
