"""The split keeps patients together, classes in proportion, and is the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.errors import InvalidRequest
from services.trainer.learning.split import split


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 120), st.integers(2, 5), st.floats(0.1, 0.3), st.floats(0.0, 0.2))
def test_parts_are_disjoint_complete_and_keep_patients_together(
    seed: int, records: int, classes: int, validation: float, test: float
) -> None:
    random = np.random.default_rng(seed)
    targets = random.random((records, classes)) < 0.4
    patients = [f"p{each}" if each % 3 else "" for each in random.integers(0, records // 2, records)]

    parts = split(targets, patients, validation=validation, test=test, seed=seed)

    rows = np.concatenate([parts.training, parts.validation, parts.test])
    assert sorted(rows) == list(range(records))
    seen = [{patients[row] for row in part} - {""} for part in (parts.training, parts.validation, parts.test)]
    assert not (seen[0] & seen[1])
    assert not (seen[0] & seen[2])
    assert not (seen[1] & seen[2])


def test_classes_keep_their_proportions() -> None:
    targets = np.zeros((1000, 3), bool)
    targets[:700, 0] = targets[700:950, 1] = targets[950:, 2] = True

    parts = split(targets, [""] * 1000, validation=0.2, test=0.1, seed=1)

    assert targets[parts.validation].sum(axis=0) == pytest.approx([140, 50, 10], abs=1)
    assert targets[parts.test].sum(axis=0) == pytest.approx([70, 25, 5], abs=1)


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    targets = np.eye(2, dtype=bool)[np.arange(50) % 2]

    first, again, other = (split(targets, [""] * 50, validation=0.2, test=0, seed=seed) for seed in (3, 3, 4))

    assert np.array_equal(first.validation, again.validation)
    assert not np.array_equal(first.validation, other.validation)


def test_a_class_of_two_is_in_training_and_validation() -> None:
    targets = np.zeros((12, 2), bool)
    targets[:10, 0] = targets[10:, 1] = True

    parts = split(targets, [""] * 12, validation=0.2, test=0, seed=0)

    assert targets[parts.training, 1].sum() == targets[parts.validation, 1].sum() == 1


def test_one_patient_alone_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="too few patients"):
        split(np.eye(2, dtype=bool)[[0, 1, 0, 1]], ["p"] * 4, validation=0.2, test=0, seed=0)


def test_fractions_that_leave_nothing_to_learn_from_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="leave something"):
        split(np.ones((4, 1), bool), [""] * 4, validation=0.6, test=0.4, seed=0)
