"""The split of a dataset: stratified, grouped by patient, seeded.

Iterative stratification (Sechidis et al., On the stratification of multi-label data, 2011), extended to groups: the
rarest label is dealt out first, each group to the part that still lacks it most. Libraries split by group or by several
labels, none does both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import InvalidRequest

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of a dataset by their part; each ascending, no row in two."""

    training: Rows
    validation: Rows
    test: Rows
    """Locked away: neither learnt from nor looked at while learning."""


def split(targets: NDArray[np.bool_], patients: Sequence[str], *, validation: float, test: float, seed: int) -> Split:
    """Deal the rows of targets (records, classes) out by the fractions; records of one patient stay together.

    An empty patient is a patient of its own. Raises InvalidRequest where nothing is left to learn from.
    """
    wanted = np.array([1 - validation - test, validation, test])
    if validation < 0 or test < 0 or wanted[0] <= 0:
        raise InvalidRequest("Validation and test fractions must be at least 0 and leave something to learn from.")
    group, counts = _groups(targets, patients)
    part = _deal(counts, wanted, np.random.default_rng(seed))
    if validation > 0:
        _represent(part, counts)
    rows = [np.flatnonzero(part[group] == each) for each in range(3)]
    if not rows[0].size or (validation > 0 and not rows[1].size):
        raise InvalidRequest(
            "All ECGs belong to too few patients to keep some for validation. Add ECGs of other patients, "
            "or name a validation dataset."
        )
    return Split(*rows)


def _groups(targets: NDArray[np.bool_], patients: Sequence[str]) -> tuple[Rows, NDArray[np.int64]]:
    """Return the group of every row, and per group how many of its rows have each class, or none (last column)."""
    index: dict[str, int] = {}
    keys = (patient or f"\0{row}" for row, patient in enumerate(patients))
    group = np.array([index.setdefault(key, len(index)) for key in keys], np.int64)
    columns = np.column_stack([targets, ~targets.any(axis=1)])
    counts = np.zeros((len(index), columns.shape[1]), np.int64)
    np.add.at(counts, group, columns)
    return group, counts


def _deal(counts: NDArray[np.int64], wanted: NDArray[np.float64], random: np.random.Generator) -> Rows:
    """Return the part of every group."""
    lacking = np.outer(wanted, counts.sum(axis=0))
    part = np.full(len(counts), -1, np.int64)
    order = random.permutation(len(counts))
    for label in np.argsort(counts.sum(axis=0), kind="stable"):
        having = order[(part[order] < 0) & (counts[order, label] > 0)]
        for chosen in having[np.argsort(-counts[having, label], kind="stable")]:
            # Ties go to the part that lacks most overall, then to the first.
            best = np.lexsort((-lacking.sum(axis=1), -lacking[:, label]))[0]
            part[chosen] = best
            lacking[best] -= counts[chosen]
    return part


def _represent(part: Rows, counts: NDArray[np.int64]) -> None:
    """Move a group per class that validation lacks there, where training keeps every class it has."""
    for label in range(counts.shape[1]):
        if counts[part == 1, label].any():
            continue
        training = counts[part == 0].sum(axis=0)
        spare = [
            each
            for each in np.flatnonzero((part == 0) & (counts[:, label] > 0))
            if ((training - counts[each] > 0) | (training == 0)).all()
        ]
        if spare:
            part[min(spare, key=lambda each: int(counts[each].sum()))] = 1
