"""What a model's logits are worth on labelled ECGs (scikit-learn)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import f1_score, roc_auc_score

from services.trainer.learning.labels import Task

_CALLED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The figures of one class; AUROC is None where only one side occurs."""

    name: str
    positives: int
    f1: float
    auroc: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a model on some ECGs."""

    f1_weighted: float
    f1_macro: float
    auroc_macro: float | None
    """The mean over the classes for which it is defined; None where it is for none."""
    classes: tuple[ClassFigures, ...]


def measure(logits: NDArray[np.float32], targets: NDArray[Any], *, task: Task, classes: tuple[str, ...]) -> Figures:
    """Measure logits (n, classes) against class indices (n,) or, of a multilabel task, flags (n, classes)."""
    truth = targets[:, None] == np.arange(len(classes)) if task == "multiclass" else targets > _CALLED_FROM
    called = logits.argmax(axis=1)[:, None] == np.arange(len(classes)) if task == "multiclass" else logits > 0
    scores = softmax(logits, axis=1) if task == "multiclass" else expit(logits)
    f1 = f1_score(truth, called, average=None, zero_division=0.0)
    aurocs = [_auroc(truth[:, i], scores[:, i]) for i in range(len(classes))]
    defined = [each for each in aurocs if each is not None]
    positives = truth.sum(axis=0)
    weights = positives if positives.any() else np.ones(len(classes))
    return Figures(
        f1_weighted=float(np.average(f1, weights=weights)),
        f1_macro=float(np.mean(f1)),
        auroc_macro=float(np.mean(defined)) if defined else None,
        classes=tuple(
            ClassFigures(*each) for each in zip(classes, map(int, positives), map(float, f1), aurocs, strict=True)
        ),
    )


def _auroc(truth: NDArray[np.bool_], scores: NDArray[np.float32]) -> float | None:
    return float(roc_auc_score(truth, scores)) if truth.any() and not truth.all() else None
