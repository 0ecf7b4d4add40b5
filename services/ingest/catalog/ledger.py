"""How uploads get into the catalog: claim the objects, write them, then make rows of them, or let them go."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, literal, select, union_all, update

from services.ingest.catalog.datasets import no_dataset
from services.ingest.catalog.group_commit import GroupCommit
from services.ingest.catalog.instances import instance_values
from services.ingest.catalog.locks import lock_claims
from services.ingest.catalog.mapping import record_of, stored, values_of
from services.ingest.catalog.parts import Note, noted
from services.ingest.catalog.writing import Writing
from services.ingest.records import Instance, NewRecord, Record
from services.ingest.tables import ERASER, ClaimRow, DatasetRow, InstanceRow, RecordRow
from services.shared.errors import NotFound, Unavailable

_RETRIES: Final = 100
_RETRY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Claim:
    """An upload is about to write the objects of one record."""

    keys: tuple[str, ...]
    holder: str
    dataset_id: str
    sha256: str
    """Where the dataset has a record of these bytes already, nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The objects of these records are written."""

    records: tuple[NewRecord, ...]
    """Of one dataset; each has claimed its objects under its own id."""
    instances: Mapping[str, Instance] = field(default_factory=dict)
    """What those call themselves that came as DICOM, by record id."""

    @property
    def dataset_id(self) -> str:
        """The dataset."""
        return self.records[0].dataset_id


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of one new record."""

    record: Record
    """Where it was a duplicate, the one that was there before."""
    is_new: bool


_Bytes = tuple[str, str]
_RECORDS: Final = RecordRow.__table__
_GRANTED: Final = object()
_BEING_ERASED: Final = object()


class Ledger:
    """The write path of the catalog; concurrent uploads share transactions."""

    def __init__(self, writing: Writing) -> None:
        self._commits: GroupCommit[Claim | Commit | Note] = GroupCommit(writing, _perform)

    async def claim(self, claim: Claim) -> Record | None:
        """Promise to write objects; returns the record that has the same original, if there is one, instead.

        Waits where the same object is being erased; raises Unavailable where that takes too long.
        """
        for _ in range(_RETRIES):
            answer = await self._commits.do(claim)
            if answer is not _BEING_ERASED:
                return answer if isinstance(answer, Record) else None
            await asyncio.sleep(_RETRY_SECONDS)
        raise Unavailable("An ECG of the same bytes is still being erased; upload it again later.")

    async def commit(self, commit: Commit) -> tuple[Committed, ...]:
        """Make records of one dataset visible; raises NotFound where it was erased meanwhile."""
        answer: tuple[Committed, ...] = await self._commits.do(commit)
        return answer

    async def note(self, note: Note) -> None:
        """Keep in mind which records came from a file."""
        await self._commits.do(note)

    async def close(self) -> None:
        """Finish what was handed in."""
        await self._commits.close()


def _perform(connection: Connection, works: Sequence[Claim | Commit | Note], *, is_alone: bool) -> Sequence[Any]:
    """Do what waits in as few statements as it takes.

    Whether a commit repeats bytes is left to the unique index: where it objects, the commits come again alone, and are
    then looked at one by one.
    """
    commits = [work for work in works if isinstance(work, Commit)]
    claims = [work for work in works if isinstance(work, Claim)]
    alive = _bump(connection, {commit.dataset_id for commit in commits})
    same = _same_bytes(connection, [new for commit in commits for new in commit.records]) if is_alone else {}
    rows: list[dict[str, Any]] = []
    answers: dict[int, Any] = {id(commit): _committed(commit, alive, same, rows) for commit in commits}
    if rows:
        connection.execute(insert(RecordRow), rows)
    noted(connection, [*_of_parts(commits, answers), *(work for work in works if isinstance(work, Note))])
    if instances := [values for commit in commits for values in _new_instances(commit, answers[id(commit)])]:
        connection.execute(insert(InstanceRow), instances)
    _release(connection, [commit for commit in commits if commit.dataset_id in alive])
    if claims:
        answers |= _claimed(connection, claims)
    return [answers.get(id(work)) for work in works]


def _committed(
    commit: Commit, alive: set[str], same: dict[_Bytes, Record], rows: list[dict[str, Any]]
) -> tuple[Committed, ...] | NotFound:
    """Collect the rows of a commit; those of duplicates are born erased, so that their signals are swept away."""
    if commit.dataset_id not in alive:
        return no_dataset(commit.dataset_id)
    done: list[Committed] = []
    for new in commit.records:
        before = same.get((new.dataset_id, new.sha256))
        rows.append(values_of(new, erased_at=datetime.now(UTC) if before else None))
        record = same.setdefault((new.dataset_id, new.sha256), stored(new))
        done.append(Committed(record, is_new=before is None))
    return tuple(done)


def _of_parts(commits: Iterable[Commit], answers: Mapping[int, Any]) -> Iterable[Note]:
    """Yield a note for each file of the new records that came from several, whichever record has their bytes now."""
    for commit in commits:
        done = answers[id(commit)]
        if not isinstance(done, NotFound):
            for new, committed in zip(commit.records, done, strict=True):
                for part in new.parts:
                    yield Note(new.dataset_id, part, (committed.record.record_id,))


def _new_instances(commit: Commit, answer: tuple[Committed, ...] | NotFound) -> Iterable[dict[str, Any]]:
    for committed in answer if isinstance(answer, tuple) else ():
        instance = commit.instances.get(committed.record.record_id)
        if committed.is_new and instance is not None:
            yield instance_values(committed.record, instance)


def _bump(connection: Connection, dataset_ids: Iterable[str]) -> set[str]:
    """Raise the versions of datasets, which locks them against other replicas; return those that are there."""
    alive: set[str] = set()
    for dataset_id in sorted(dataset_ids):  # one order for everybody: no deadlock
        bumped = (
            update(DatasetRow)
            .where(DatasetRow.id == dataset_id, DatasetRow.erased_at.is_(None))
            .values(version=DatasetRow.version + 1)
        )
        if connection.execute(bumped).rowcount:
            alive.add(dataset_id)
    return alive


def _same_bytes(connection: Connection, items: Iterable[Claim | NewRecord]) -> dict[_Bytes, Record]:
    """Return the records that are there already, by dataset and sha256."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        wanted[item.dataset_id].add(item.sha256)
    found: dict[_Bytes, Record] = {}
    for dataset_id, digests in wanted.items():
        condition = (RecordRow.dataset_id == dataset_id) & RecordRow.sha256.in_(digests)
        for row in connection.execute(select(_RECORDS).where(condition, RecordRow.erased_at.is_(None))):
            found[row.dataset_id, row.sha256] = record_of(row)
    return found


def _release(connection: Connection, commits: Sequence[Commit]) -> None:
    holders = [record.record_id for commit in commits for record in commit.records]
    if holders:
        connection.execute(delete(ClaimRow).where(ClaimRow.holder.in_(holders)))


def _claimed(connection: Connection, claims: Sequence[Claim]) -> dict[int, Any]:
    lock_claims(connection, alone=False)
    repeated, erasing = _in_the_way(connection, claims)
    same = _same_bytes(connection, [claim for claim in claims if (claim.dataset_id, claim.sha256) in repeated])
    answers: dict[int, Any] = {}
    rows: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    for claim in claims:
        answer = same.get((claim.dataset_id, claim.sha256))
        if answer is None and erasing.isdisjoint(claim.keys):
            rows += ({"key": key, "holder": claim.holder, "since": now} for key in claim.keys)
        answers[id(claim)] = answer or (_GRANTED if erasing.isdisjoint(claim.keys) else _BEING_ERASED)
    if rows:
        connection.execute(insert(ClaimRow), rows)
    return answers


def _in_the_way(connection: Connection, claims: Sequence[Claim]) -> tuple[set[_Bytes], set[str]]:
    """Return which bytes are there already, and which objects are being erased, in one look."""
    repeated = select(RecordRow.dataset_id, RecordRow.sha256).where(
        RecordRow.dataset_id.in_({claim.dataset_id for claim in claims}),
        RecordRow.sha256.in_({claim.sha256 for claim in claims}),
        RecordRow.erased_at.is_(None),
    )
    keys = {key for claim in claims for key in claim.keys}
    erasing = select(literal(""), ClaimRow.key).where(ClaimRow.key.in_(keys), ClaimRow.holder == ERASER)
    found = {(dataset_id, text) for dataset_id, text in connection.execute(union_all(repeated, erasing))}
    return {pair for pair in found if pair[0]}, {text for dataset_id, text in found if not dataset_id}
