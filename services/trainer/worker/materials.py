"""Everything a training learns from, gathered: the job, the parts of the dataset, the model to start from."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import InvalidModel
from services.shared.storage import ObjectStore
from services.trainer import job
from services.trainer.gating import check_left, left_out_by_grade, reason
from services.trainer.job import Job, Snapshot
from services.trainer.learning.data import LearningData, learning_data
from services.trainer.learning.labels import encode
from services.trainer.learning.split import split
from services.trainer.trainings import Training
from services.trainer.worker.preparing import PreparedSet, Preparer

TRAINING: Final = "training"
VALIDATION: Final = "validation"
TEST: Final = "test"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the data: which records, and which classes they have."""

    record_ids: tuple[str, ...]
    targets: NDArray[np.bool_]
    """(records, classes)."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a training learns from."""

    job: Job
    data: LearningData
    parts: dict[str, Part]
    excluded: Counter[str]
    """How many records were left out, by reason."""
    below: dict[str, int]
    """How many of them were so for the grade of their quality, by that."""
    codes: dict[str, dict[str, str]]
    dataset_sha256: str
    """Of the snapshot: which records with which labels."""
    base_onnx: bytes | None


async def gather(store: ObjectStore, training: Training, preparer: Preparer) -> Materials:
    """Read and prepare what a training needs; raises InvalidRequest where too little of it can be used."""
    made = job.read(Job, await store.get(training.key(job.SPEC_FILE)))
    written = await store.get(training.key(job.SNAPSHOT_FILE))
    snapshot = job.read(Snapshot, written)
    prepared = await preparer.prepared(training.tenant, snapshot, made.contract)
    held_out = None
    if made.spec.validation_dataset_id:
        other = job.read(Snapshot, await store.get(training.key(job.VALIDATION_FILE)))
        held_out = (other, await preparer.prepared(training.tenant, other, made.contract))
    base = await _base(store, made)
    digest = hashlib.sha256(written).hexdigest()
    return await asyncio.to_thread(_assemble, made, (snapshot, prepared), held_out, base, digest)


def _assemble(
    made: Job,
    whole: tuple[Snapshot, PreparedSet],
    held_out: tuple[Snapshot, PreparedSet] | None,
    base: bytes | None,
    digest: str,
) -> Materials:
    snapshot, prepared = whole
    kept = _kept(snapshot, prepared)
    targets = encode(snapshot.labels, made.classes)
    spec = made.spec
    dealt = split(
        targets[kept],
        [snapshot.records[row].patient for row in kept],
        validation=spec.validation_fraction,
        test=spec.test_fraction,
        seed=spec.seed,
    )
    parts = {
        name: _part(snapshot, targets, kept[rows])
        for name, rows in ((TRAINING, dealt.training), (VALIDATION, dealt.validation), (TEST, dealt.test))
    }
    learnt = (prepared.signals[kept[dealt.training]], parts[TRAINING].targets)
    validated = (prepared.signals[kept[dealt.validation]], parts[VALIDATION].targets)
    excluded = _left_out(snapshot, prepared)
    if held_out is not None:
        other, theirs = held_out
        rows = _kept(other, theirs)
        parts[VALIDATION] = _part(other, encode(other.labels, made.classes), rows)
        validated = (theirs.signals[rows], parts[VALIDATION].targets)
        excluded += _left_out(other, theirs)
    data = learning_data(learnt, validated, task=made.task, classes=made.classes)
    below = left_out_by_grade(excluded, snapshot.floor)
    return Materials(made, data, parts, excluded, below, snapshot.codes, digest, base)


def _kept(snapshot: Snapshot, prepared: PreparedSet) -> NDArray[np.int64]:
    """Return the places of what was prepared; raises InvalidRequest where the worker's judgement left too little.

    They are in the order of what was recorded, not of when it came in: the same ECGs make the same model anywhere.
    """
    kept = np.array(sorted(prepared.kept(), key=lambda row: snapshot.records[row].content), np.int64)
    judged = left_out_by_grade(Counter(prepared.excluded.values()), snapshot.floor)
    check_left(snapshot, [snapshot.records[row] for row in kept], judged, snapshot.floor)
    return kept


def _left_out(snapshot: Snapshot, prepared: PreparedSet) -> Counter[str]:
    below = {reason(grade, snapshot.floor): count for grade, count in snapshot.below.items()}
    unlabelled = {"The ECG has no label.": snapshot.unlabelled}
    return +(Counter(prepared.excluded.values()) + Counter(below) + Counter(unlabelled))


def _part(snapshot: Snapshot, targets: NDArray[np.bool_], rows: NDArray[np.int64]) -> Part:
    return Part(tuple(snapshot.records[row].record_id for row in rows), targets[rows])


async def _base(store: ObjectStore, made: Job) -> bytes | None:
    if made.base is None:
        return None
    data = await store.get(made.base.object_key)
    if hashlib.sha256(data).hexdigest() != made.base.sha256:
        raise InvalidModel(f"The file of the model {made.base_name!r} is not the one that the store registered.")
    return data
