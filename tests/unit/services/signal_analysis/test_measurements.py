"""What is measured."""

import pytest

from services.signal_analysis.measurements import measured


@pytest.mark.parametrize(("unit", "rounded"), [("ms", 97.5), ("/min", 97.46), ("mV", 97.4568), ("1", 97)])
def test_a_value_is_rounded_to_what_can_be_told_and_needs_no_reason(unit: str, rounded: float) -> None:
    one = measured("anything", 97.45678, unit, "never told")

    assert (one.value, one.reason) == (rounded, "")


def test_an_absent_value_keeps_its_reason_and_its_lead() -> None:
    one = measured("p_amplitude", None, "mV", "There is no P wave.", "V1")

    assert (one.value, one.reason, one.lead) == (None, "There is no P wave.", "V1")
