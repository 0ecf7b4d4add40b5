"""Labels become targets, or a sentence why not."""

import numpy as np
import pytest

from services.shared.errors import InvalidRequest
from services.trainer.learning.labels import encode, tell_classes, tell_task


def test_one_label_each_is_multiclass_and_several_are_multilabel() -> None:
    assert tell_task([("a",), ("b",)], "") == "multiclass"
    assert tell_task([("a", "b"), ("b",)], "") == "multilabel"
    assert tell_task([("a",), ("b",)], "multilabel") == "multilabel"


def test_multiclass_with_several_labels_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="1 ECGs have several labels"):
        tell_task([("a", "b"), ("b",)], "multiclass")


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="multiclass or multilabel"):
        tell_task([("a",)], "regression")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([], "0 labelled ECGs are too few"),
        ([("a",), ("b",)], "2 labelled ECGs are too few"),
        ([("a",)] * 9, "same label"),
        ([*[("a",)] * 9, ("b",)], "'b' has fewer"),
    ],
)
def test_labels_that_teach_nothing_are_refused(labels: list[tuple[str, ...]], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        tell_classes(labels)


def test_classes_are_sorted_and_targets_follow_them() -> None:
    labels = [("b",), ("a",), ("b", "a"), ("b",)]

    classes = tell_classes(labels)

    assert classes == ("a", "b")
    assert np.array_equal(encode(labels, classes), [[0, 1], [1, 0], [1, 1], [0, 1]])


def test_a_label_that_training_lacks_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="training dataset has not: c"):
        encode([("c",)], ("a", "b"))
