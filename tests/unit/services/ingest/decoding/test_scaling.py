import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.scaling import Numbers, in_millivolt, scales_of
from services.shared.acquisition import Scale
from services.shared.ecg import Remark
from services.shared.errors import UnreadableFile

LEADS = ("I", "II")
GAIN = Declaration(gain_adu_per_mv=200)
ROWS = np.array([[1, 2], [3, 4]])


def scaled(numbers: Numbers, declaration: Declaration = Declaration()) -> tuple[list[Scale], list[str], np.ndarray]:  # noqa: B008 frozen
    remarks: list[Remark] = []
    scales = scales_of(LEADS, numbers, declaration, remarks)
    return list(scales), [remark.code for remark in remarks], in_millivolt(ROWS, scales)


def test_numbers_without_a_unit_take_the_declared_gain() -> None:
    scales, remarks, signal = scaled(Numbers((), (), integers=True), GAIN)

    assert (scales[0], remarks) == (Scale("I", 0.005, ""), [])
    np.testing.assert_allclose(signal, ROWS / 200)


@pytest.mark.parametrize(("integers", "code", "factor"), [(True, "default_gain", 1e-3), (False, "assumed_unit", 1.0)])
def test_a_rule_that_is_taken_is_named(*, integers: bool, code: str, factor: float) -> None:
    _, remarks, signal = scaled(Numbers((), (), integers=integers))

    assert remarks == [code]
    np.testing.assert_allclose(signal, ROWS * factor)


def test_a_stated_unit_wins_over_the_declared_gain_and_says_so() -> None:
    scales, remarks, signal = scaled(Numbers(("uV",), (5.0, 2.0), integers=True), GAIN)

    assert (scales[1], remarks) == (Scale("II", 2.0, "uV"), ["gain_ignored"])
    np.testing.assert_allclose(signal, ROWS * [[0.005], [0.002]])


def test_whole_millivolt_are_taken_for_digits_where_a_gain_is_declared() -> None:
    scales, remarks, _ = scaled(Numbers(("mV",), (), integers=True), GAIN)

    assert (scales[0], remarks) == (Scale("I", 0.005, ""), ["gain_over_unit"])


def test_a_lead_without_a_unit_has_that_of_the_others() -> None:
    scales, remarks, _ = scaled(Numbers(("uV", ""), (), integers=False))

    assert (scales[1], remarks) == (Scale("II", 1.0, "uV"), ["assumed_unit"])


def test_another_number_of_units_than_leads_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="3 units for 2 leads"):
        scaled(Numbers(("uV", "mV", "uV"), (), integers=False))
