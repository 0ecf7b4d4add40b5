import numpy as np
import pytest

from services.inference.scoring import scores
from services.shared.errors import InvalidModel
from services.shared.model_contract import OutputClass, OutputContract


def contract(task: str, **changes: object) -> OutputContract:
    classes = (OutputClass(name="A", codes={"icd10": "I48"}), OutputClass(name="B"), OutputClass(name="C"))
    return OutputContract.model_validate({"tensor": "y", "task": task, "classes": classes} | changes)


def answered(values: list[float], said: OutputContract) -> tuple[list[float], list[bool]]:
    found = scores(np.array(values, np.float32), said)
    return [score.value for score in found], [score.positive for score in found]


def test_logits_of_one_of_several_classes_become_probabilities_that_add_up() -> None:
    values, positive = answered([0.0, np.log(2), np.log(5)], contract("multiclass"))

    assert values == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert positive == [False, False, True]


def test_logits_of_classes_by_themselves_are_held_against_their_thresholds() -> None:
    classes = (OutputClass(name="A", threshold=0.2), OutputClass(name="B"), OutputClass(name="C", threshold=0.9))

    values, positive = answered([-1, -1, 1], contract("multilabel", classes=classes))

    assert values == pytest.approx([0.26894, 0.26894, 0.73106], abs=1e-5)
    assert positive == [True, False, False]


def test_a_probability_at_the_threshold_is_positive() -> None:
    assert answered([0, -1, 1], contract("multilabel"))[1] == [True, False, True]


def test_temperature_softens() -> None:
    hot, _ = answered([0.0, 2.0, 4.0], contract("multiclass", temperature=2))
    plain, _ = answered([0.0, 1.0, 2.0], contract("multiclass"))

    assert hot == pytest.approx(plain)


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_probabilities_stay_as_they_are(task: str) -> None:
    assert answered([0.1, 0.2, 0.7], contract(task, activation="probabilities"))[0] == pytest.approx([0.1, 0.2, 0.7])


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_probabilities_with_a_temperature_go_back_to_logits(task: str) -> None:
    values, _ = answered([0.0, 0.2, 0.8], contract(task, activation="probabilities", temperature=2))

    assert all(0 <= value <= 1 for value in values)
    assert values[1] > 0.2
    assert values[2] < 0.8


def test_a_regression_is_its_values() -> None:
    assert answered([3.5, -7, 1e6], contract("regression")) == ([3.5, -7, 1e6], [False, False, False])


def test_extreme_logits_do_not_overflow() -> None:
    assert answered([3e38, -3e38, 0], contract("multiclass"))[0] == [1, 0, 0]
    assert answered([3e38, -3e38, 0], contract("multilabel"))[0] == [1, 0, 0.5]


def test_codes_travel_with_the_score() -> None:
    assert scores(np.zeros(3, np.float32), contract("multilabel"))[0].codes == {"icd10": "I48"}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(InvalidModel, match="not finite"):
        answered([0, value, 0], contract("multilabel"))


def test_another_number_of_outputs_is_refused() -> None:
    with pytest.raises(InvalidModel, match="2 numbers for 3 classes"):
        answered([0, 0], contract("multilabel"))
