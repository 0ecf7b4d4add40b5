"""What a training learns from: one contiguous tensor of signals, one of targets, and the weights of the classes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from services.shared.errors import InvalidRequest
from services.trainer.learning.labels import Task

MAX_CLASS_WEIGHT: Final = 100.0
"""A class rarer than one in a hundred would otherwise drive the weights of the network alone."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Prepared ECGs with their targets."""

    signals: Tensor
    """(n, leads, samples) float32."""
    targets: Tensor
    """Class indices (n,) int64 of a multiclass task, or (n, classes) float32 of a multilabel one."""

    def __len__(self) -> int:
        return int(self.signals.shape[0])


@dataclass(frozen=True, slots=True)
class LearningData:
    """The parts of a dataset and what the classes weigh."""

    task: Task
    classes: tuple[str, ...]
    training: Examples
    validation: Examples
    class_weights: Tensor
    """(classes,) float32, of the training part alone."""

    def weights(self, examples: Examples) -> Tensor:
        """Return how much each example counts in the mean that the objective takes, (n,) float32."""
        return self.class_weights[examples.targets] if self.task == "multiclass" else torch.ones(len(examples))

    def objective(self) -> nn.Module:
        """Return the weighted loss of logits (n, classes)."""
        if self.task == "multiclass":
            return nn.CrossEntropyLoss(weight=self.class_weights)
        return nn.BCEWithLogitsLoss(pos_weight=self.class_weights)


def examples(signals: NDArray[np.float32], targets: NDArray[np.bool_], task: Task) -> Examples:
    """Return signals (n, leads, samples) and targets (n, classes) as tensors; raises InvalidRequest on non-numbers."""
    tensor = torch.from_numpy(np.ascontiguousarray(signals, np.float32))
    if not bool(torch.isfinite(tensor).all()):
        raise InvalidRequest("Some prepared ECGs hold values that are not finite numbers; remove these records.")
    if task == "multiclass":
        return Examples(tensor, torch.from_numpy(targets.argmax(axis=1).astype(np.int64)))
    return Examples(tensor, torch.from_numpy(targets.astype(np.float32)))


def learning_data(
    training: tuple[NDArray[np.float32], NDArray[np.bool_]],
    validation: tuple[NDArray[np.float32], NDArray[np.bool_]],
    *,
    task: Task,
    classes: tuple[str, ...],
) -> LearningData:
    """Put the parts together and weigh the classes by the training part."""
    return LearningData(
        task=task,
        classes=classes,
        training=examples(*training, task),
        validation=examples(*validation, task),
        class_weights=torch.from_numpy(class_weights(training[1], task)),
    )


def class_weights(targets: NDArray[np.bool_], task: Task) -> NDArray[np.float32]:
    """Return one weight per class: inverse frequency, or negatives per positive of a multilabel task.

    Raises InvalidRequest where a class has no example, or a multilabel one no counterexample.
    """
    positives = targets.sum(axis=0)
    bad = (positives == 0) | ((positives == len(targets)) & (task == "multilabel"))
    if bad.any():
        raise InvalidRequest(
            "The part to learn from has no example of a class, or nothing but examples of it. "
            "Add ECGs with and without each label, or lower the validation and test fractions."
        )
    weights = len(targets) / (len(positives) * positives) if task == "multiclass" else len(targets) / positives - 1
    return np.asarray(np.clip(weights, 1 / MAX_CLASS_WEIGHT, MAX_CLASS_WEIGHT), np.float32)
