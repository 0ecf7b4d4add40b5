"""Which labelled ECGs are good enough to learn from; what is left out is counted by grade, never dropped silently."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from services.shared.errors import InvalidRequest
from services.shared.quality import Floor, Grade, gate
from services.trainer.job import Snapshot, SnapshotRecord


def gated(snapshot: Snapshot, floor: Floor) -> Snapshot:
    """Return a snapshot without the records whose grade does not reach the floor; those never judged stay in.

    Raises InvalidRequest where nothing is left, or nothing of a class: then the model would silently be another one.
    """
    kept = tuple(each for each in snapshot.records if _stays(each, floor))
    below = Counter(each.grade for each in snapshot.records if each.grade is not None and not _stays(each, floor))
    check_left(snapshot, kept, {grade.value: count for grade, count in below.items()}, floor)
    return replace(snapshot, records=kept, floor=floor, below=dict(below))


def check_left(snapshot: Snapshot, kept: Collection[SnapshotRecord], left_out: Mapping[str, int], floor: Floor) -> None:
    """Raise InvalidRequest where records were left out for their grade, and nothing remains of all, or of a class."""
    lost = {label for labels in snapshot.labels for label in labels} - {label for each in kept for label in each.labels}
    if not left_out or not lost:
        return
    told = ", ".join(f"{count} {grade}" for grade, count in sorted(left_out.items()))
    what = f"of {', '.join(sorted(lost)[:10])}" if kept else f"of the dataset {snapshot.dataset_id!r}"
    raise InvalidRequest(
        f"No labelled ECG {what} reaches the quality asked for ({gate.wanted(floor)}); left out: {told}. "
        "Look at what is wrong with them, lower min_quality, or take such labels off the dataset."
    )


def reason(grade: Grade, floor: Floor) -> str:
    """Return why ECGs of a grade are left out, as the report and the events say it."""
    return f"The quality is {grade.value}; asked for was {gate.wanted(floor)}."


def left_out_by_grade(excluded: Mapping[str, int], floor: Floor) -> dict[str, int]:
    """Return how many of the excluded ECGs were so for their grade."""
    counts = {grade.value: excluded.get(reason(grade, floor), 0) for grade in gate.below(floor)}
    return {grade: count for grade, count in counts.items() if count}


def _stays(record: SnapshotRecord, floor: Floor) -> bool:
    return record.grade is None or gate.reaches(record.grade, floor)
