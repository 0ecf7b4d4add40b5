"""Labels of records to targets of a task: which classes there are, and which record has which."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import InvalidRequest

Task = Literal["multiclass", "multilabel"]
Labels = Sequence[tuple[str, ...]]
"""The class names of each record; every record has at least one."""

MIN_CLASSES: Final = 2
MIN_ECGS_PER_CLASS: Final = 2


def tell_task(labels: Labels, wanted: str) -> Task:
    """Return the task asked for, or tell it from the labels; raises InvalidRequest where they contradict it."""
    several = sum(len(set(each)) > 1 for each in labels)
    if wanted not in {"", "multiclass", "multilabel"}:
        raise InvalidRequest(f"There is no task {wanted[:40]!r}. Choose multiclass or multilabel.")
    if wanted == "multiclass" and several:
        raise InvalidRequest(
            f"{several} ECGs have several labels, but a multiclass model knows one per ECG. "
            "Train with the task multilabel, or give each ECG one label."
        )
    return "multilabel" if several or wanted == "multilabel" else "multiclass"


def tell_classes(labels: Labels) -> tuple[str, ...]:
    """Return the classes, sorted; raises InvalidRequest where nothing can be learnt from the labels."""
    if len(labels) < MIN_CLASSES * MIN_ECGS_PER_CLASS:
        raise InvalidRequest(
            f"{len(labels)} labelled ECGs are too few to train on: at least {MIN_CLASSES} classes "
            f"with {MIN_ECGS_PER_CLASS} ECGs each are needed. Upload or label more."
        )
    counts = Counter(name for each in labels for name in set(each))
    if len(counts) < MIN_CLASSES:
        raise InvalidRequest(
            f"All ECGs have the same label, {next(iter(counts))!r}; a model needs at least two classes to tell apart."
        )
    rare = sorted(name for name, count in counts.items() if count < MIN_ECGS_PER_CLASS)
    if rare:
        raise InvalidRequest(
            f"Each class needs at least {MIN_ECGS_PER_CLASS} ECGs, one to learn from and one to validate on; "
            f"{', '.join(repr(name) for name in rare[:5])} has fewer. Label more ECGs, or leave the class out."
        )
    return tuple(sorted(counts))


def encode(labels: Labels, classes: Sequence[str]) -> NDArray[np.bool_]:
    """Return which record (row) has which class (column); raises InvalidRequest where a label is no class."""
    column = {name: i for i, name in enumerate(classes)}
    unknown = sorted({name for each in labels for name in each} - column.keys())
    if unknown:
        raise InvalidRequest(
            f"The validation dataset has labels that the training dataset has not: {', '.join(unknown[:5])}."
        )
    targets = np.zeros((len(labels), len(classes)), bool)
    for row, each in enumerate(labels):
        for name in each:
            targets[row, column[name]] = True
    return targets
