import math

import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.subject import age_years, sex
from services.ingest.decoding.units import millivolt_per
from services.shared.errors import InvalidRequest


@pytest.mark.parametrize("rate_hz", [0, -500, 1e9, math.nan, math.inf])
def test_an_impossible_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(InvalidRequest, match="sampling_rate_hz"):
        Declaration(rate_hz=rate_hz)


@pytest.mark.parametrize("gain", [0, -1, math.nan, math.inf, 1e12])
def test_an_impossible_gain_is_refused(gain: float) -> None:
    with pytest.raises(InvalidRequest, match="gain_adu_per_mv"):
        Declaration(gain_adu_per_mv=gain)


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="mimic, standard"):
        Declaration(lead_layout="alphabetical")


def test_nobody_has_no_pseudonym() -> None:
    assert Declaration().pseudonym("  ") is None


@pytest.mark.parametrize(
    ("text", "years"), [("63", 63), ("063Y", 63), ("6M", 0.5), ("NaN", None), ("", None), ("999", None)]
)
def test_ages_are_understood(text: str, years: float | None) -> None:
    assert age_years(text) == years


@pytest.mark.parametrize(("text", "meaning"), [("F", "female"), ("Male", "male"), ("O", None), ("", None)])
def test_sexes_are_understood(text: str, meaning: str | None) -> None:
    assert sex(text) == meaning


@pytest.mark.parametrize(
    ("unit", "factor"), [("mV", 1), ("µV", 1e-3), ("uV", 1e-3), ("Volts", 1e3), ("nV", 1e-6), ("mmHg", None)]
)
def test_units_are_understood(unit: str, factor: float | None) -> None:
    assert millivolt_per(unit) == factor
