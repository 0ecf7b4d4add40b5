"""What is not good enough to learn from is left out, counted, and never silently."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.shared.errors import InvalidRequest
from services.shared.quality import Grade
from services.shared.signals import SignalRef
from services.trainer.gating import gated, left_out_by_grade, reason
from services.trainer.job import Snapshot, SnapshotRecord, read, write

GRADES = (Grade.GOOD, Grade.USABLE, Grade.POOR, Grade.UNUSABLE, None)


def snapshot(grades: Sequence[Grade | None] = GRADES, label: str = "up") -> Snapshot:
    ref = SignalRef("k", 0, ("I",), 10, 100.0)
    records = tuple(SnapshotRecord(f"r{at}", ref, (label,), grade=grade) for at, grade in enumerate(grades))
    return Snapshot("d1", 1, records)


def test_what_is_below_the_floor_is_left_out_and_counted() -> None:
    kept = gated(snapshot(), "usable")

    assert [each.grade for each in kept.records] == [Grade.GOOD, Grade.USABLE, None]
    assert kept.below == {Grade.POOR: 1, Grade.UNUSABLE: 1}
    assert read(Snapshot, write(kept)) == kept


def test_any_leaves_nothing_out() -> None:
    kept = gated(snapshot(), "any")

    assert (kept.records, kept.below) == (snapshot().records, {})


def test_a_dataset_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"of the dataset 'd1' reaches .*poor or better\); left out: 2 unusable"):
        gated(snapshot([Grade.UNUSABLE] * 2), "poor")


def test_a_class_of_which_nothing_is_left_is_refused() -> None:
    both = replace(snapshot(), records=(*snapshot().records, *snapshot([Grade.POOR], "rare").records))

    assert len(gated(both, "poor").records) == 5
    with pytest.raises(InvalidRequest, match="No labelled ECG of rare reaches"):
        gated(both, "usable")


def test_an_empty_dataset_is_refused_by_others() -> None:
    assert gated(snapshot([]), "good").records == ()


def test_the_excluded_are_counted_by_grade() -> None:
    excluded = {reason(Grade.POOR, "good"): 2, reason(Grade.UNUSABLE, "good"): 1, "The ECG has no label.": 4}

    assert left_out_by_grade(excluded, "good") == {"poor": 2, "unusable": 1}
    assert left_out_by_grade(excluded, "any") == {}
