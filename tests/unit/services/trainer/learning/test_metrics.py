"""Figures are right on answers that can be checked by hand, and defined on every answer."""

import numpy as np
import pytest

from services.trainer.learning.metrics import measure


def test_multiclass_figures_of_a_known_answer() -> None:
    logits = np.array([[2, 0, 0], [0, 2, 0], [2, 1, 0], [0, 0, 2]], np.float32)

    figures = measure(logits, np.array([0, 1, 1, 2]), task="multiclass", classes=("a", "b", "c"))

    assert [each.f1 for each in figures.classes] == pytest.approx([2 / 3, 2 / 3, 1])
    assert figures.f1_macro == pytest.approx(7 / 9)
    assert figures.f1_weighted == pytest.approx((2 / 3 + 2 * 2 / 3 + 1) / 4)
    assert [each.positives for each in figures.classes] == [1, 2, 1]
    assert figures.auroc_macro == pytest.approx(1.0)


def test_multilabel_figures_of_a_known_answer() -> None:
    logits = np.array([[1, -1], [-1, 1], [1, 1]], np.float32)

    figures = measure(logits, np.array([[1, 0], [1, 1], [0, 1]], np.float32), task="multilabel", classes=("a", "b"))

    assert [each.f1 for each in figures.classes] == pytest.approx([0.5, 1.0])
    assert [each.auroc for each in figures.classes] == pytest.approx([0.25, 1.0])


def test_a_class_with_one_side_only_has_no_auroc_and_breaks_nothing() -> None:
    figures = measure(
        np.zeros((2, 2), np.float32), np.array([[1, 0], [1, 1]], np.float32), task="multilabel", classes=("a", "b")
    )

    assert figures.classes[0].auroc is None
    assert figures.auroc_macro == pytest.approx(0.5)
