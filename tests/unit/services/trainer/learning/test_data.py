"""Arrays become tensors, and classes get their weights."""

import numpy as np
import pytest

from services.shared.errors import InvalidRequest
from services.trainer.learning.data import MAX_CLASS_WEIGHT, class_weights, examples


def test_multiclass_weights_are_inverse_frequencies() -> None:
    targets = np.eye(2, dtype=bool)[[0, 0, 0, 1]]

    assert class_weights(targets, "multiclass") == pytest.approx([4 / 6, 2])


def test_multilabel_weights_are_negatives_per_positive_and_bounded() -> None:
    targets = np.zeros((1001, 2), bool)
    targets[0, 0] = True
    targets[:500, 1] = True

    assert class_weights(targets, "multilabel") == pytest.approx([MAX_CLASS_WEIGHT, 501 / 500])


@pytest.mark.parametrize("column", [0, 1])
def test_a_class_without_example_or_counterexample_is_refused(column: int) -> None:
    targets = np.array([[0, 1], [1, 0], [0, 1]], bool)
    targets[:, column] = bool(column)

    with pytest.raises(InvalidRequest, match="no example of a class"):
        class_weights(targets, "multilabel")


def test_signals_that_are_no_numbers_are_refused() -> None:
    signals = np.full((1, 12, 10), np.nan, np.float32)

    with pytest.raises(InvalidRequest, match="not finite"):
        examples(signals, np.ones((1, 2), bool), "multilabel")
