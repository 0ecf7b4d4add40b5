"""Interchanged electrodes are suspected by name, and nothing else is."""

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS
from services.shared.quality import assess
from tests.bench.faults import INTERCHANGES, interchange, swap
from tests.unit.services.shared.quality.hearts import ecg

CLEAN = ecg()


def suspected(signal: np.ndarray, rate_hz: float = 500.0) -> str | None:
    return assess(signal, STANDARD_LEADS, rate_hz).suspected_reversal


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("la_ra", "RA/LA"),
        ("ra_ll", "RA/LL"),
        ("rotated", "RA-LL-LA rotated"),
        ("rotated_back", "RA-LA-LL rotated"),
        ("ra_rl", "RA/RL"),
        ("la_rl", "LA/RL"),
        ("arms_legs", "both arms/legs"),
    ],
)
def test_an_interchange_of_the_limbs_is_named(kind: str, name: str) -> None:
    assert suspected(interchange(CLEAN, INTERCHANGES[kind], np.random.default_rng(0))) == name


def test_the_legs_may_be_interchanged_unseen() -> None:
    assert suspected(interchange(CLEAN, INTERCHANGES["ll_rl"], np.random.default_rng(0))) is None


@pytest.mark.parametrize("pair", [("V1", "V2"), ("V2", "V3"), ("V3", "V4"), ("V1", "V3"), ("V4", "V6")])
def test_an_interchange_of_the_chest_is_named(pair: tuple[str, str]) -> None:
    assert suspected(swap(CLEAN, *pair)) == "/".join(pair)


@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 1000.0])
def test_the_rate_does_not_matter(rate_hz: float) -> None:
    clean = ecg(rate_hz=rate_hz)

    assert suspected(clean, rate_hz) is None
    assert suspected(interchange(clean, INTERCHANGES["la_ra"], np.random.default_rng(0)), rate_hz) == "RA/LA"


def test_a_lead_that_is_lost_is_no_sign_of_an_interchange() -> None:
    signal = CLEAN.copy()
    signal[8] = 0

    assert suspected(signal) is None


def test_a_limb_lead_that_contradicts_the_others_is_no_sign_of_an_interchange() -> None:
    signal = CLEAN.copy()
    signal[1] = 0

    assert suspected(signal) is None


def test_two_beats_are_too_few() -> None:
    flipped = interchange(ecg(2.0, per_minute=50), INTERCHANGES["la_ra"], np.random.default_rng(0))

    assert suspected(flipped) is None
