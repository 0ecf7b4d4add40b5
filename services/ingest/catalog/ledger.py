"""How uploads get into the catalog: claim the objects, write them, then make rows of them, or let them go."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest.catalog.datasets import no_dataset
from services.ingest.catalog.group_commit import GroupCommit
from services.ingest.catalog.locks import lock_claims
from services.ingest.catalog.mapping import record_of, stored, values_of
from services.ingest.records import NewRecord, Record
from services.ingest.tables import ERASER, ClaimRow, DatasetRow, RecordRow
from services.shared.database import Database
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
    holders: tuple[str, ...]
    """Whose claims end with it."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of one new record."""

    record: Record
    """Where it was a duplicate, the one that was there before."""
    is_new: bool


_GRANTED: Final = object()
_BEING_ERASED: Final = object()


class Ledger:
    """The write path of the catalog; concurrent uploads share transactions."""

    def __init__(self, database: Database) -> None:
        self._commits: GroupCommit[Claim | Commit] = GroupCommit(database, _perform)

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

    async def close(self) -> None:
        """Finish what was handed in."""
        await self._commits.close()


async def _perform(session: AsyncSession, works: Sequence[Claim | Commit]) -> Sequence[Any]:
    commits = [work for work in works if isinstance(work, Commit)]
    claims = [work for work in works if isinstance(work, Claim)]
    alive = await _bump(session, {commit.records[0].dataset_id for commit in commits})
    same = await _same_bytes(session, works)
    answers: dict[int, Any] = {}
    rows: list[dict[str, Any]] = []
    for commit in commits:
        answers[id(commit)] = _committed(commit, alive, same, rows)
    if rows:
        await session.execute(insert(RecordRow), rows)
    await _release(session, [commit for commit in commits if commit.records[0].dataset_id in alive])
    answers |= await _claimed(session, claims, same)
    return [answers[id(work)] for work in works]


def _committed(
    commit: Commit, alive: set[str], same: dict[tuple[str, str], Record], rows: list[dict[str, Any]]
) -> tuple[Committed, ...] | NotFound:
    """Collect the rows of a commit; those of duplicates are born erased, so that their signals are swept away."""
    dataset_id = commit.records[0].dataset_id
    if dataset_id not in alive:
        return no_dataset(dataset_id)
    done: list[Committed] = []
    for new in commit.records:
        before = same.get((new.dataset_id, new.sha256))
        rows.append(values_of(new, erased_at=datetime.now(UTC) if before else None))
        record = same.setdefault((new.dataset_id, new.sha256), stored(new))
        done.append(Committed(record, is_new=before is None))
    return tuple(done)


async def _bump(session: AsyncSession, dataset_ids: Iterable[str]) -> set[str]:
    """Raise the versions of datasets, which locks them against other replicas; return those that are there."""
    alive: set[str] = set()
    for dataset_id in sorted(dataset_ids):  # one order for everybody: no deadlock
        bumped = (
            update(DatasetRow)
            .where(DatasetRow.id == dataset_id, DatasetRow.erased_at.is_(None))
            .values(version=DatasetRow.version + 1)
        )
        if (await session.execute(bumped.returning(DatasetRow.id))).first() is not None:
            alive.add(dataset_id)
    return alive


async def _same_bytes(session: AsyncSession, works: Sequence[Claim | Commit]) -> dict[tuple[str, str], Record]:
    """Return the records that are there already, by dataset and sha256."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for work in works:
        for item in work.records if isinstance(work, Commit) else (work,):
            wanted[item.dataset_id].add(item.sha256)
    found: dict[tuple[str, str], Record] = {}
    for dataset_id, digests in wanted.items():
        condition = (RecordRow.dataset_id == dataset_id) & RecordRow.sha256.in_(digests)
        for row in await session.scalars(select(RecordRow).where(condition, RecordRow.erased_at.is_(None))):
            found[row.dataset_id, row.sha256] = record_of(row)
    return found


async def _release(session: AsyncSession, commits: Sequence[Commit]) -> None:
    holders = [holder for commit in commits for holder in commit.holders]
    if holders:
        await session.execute(delete(ClaimRow).where(ClaimRow.holder.in_(holders)))


async def _claimed(
    session: AsyncSession, claims: Sequence[Claim], same: dict[tuple[str, str], Record]
) -> dict[int, Any]:
    open_claims = [claim for claim in claims if (claim.dataset_id, claim.sha256) not in same]
    answers: dict[int, Any] = {id(claim): same.get((claim.dataset_id, claim.sha256)) for claim in claims}
    if not open_claims:
        return answers
    await lock_claims(session, alone=False)
    keys = {key for claim in open_claims for key in claim.keys}
    of_eraser = select(ClaimRow.key).where(ClaimRow.key.in_(keys), ClaimRow.holder == ERASER)
    erasing = set(await session.scalars(of_eraser))
    granted = [claim for claim in open_claims if erasing.isdisjoint(claim.keys)]
    now = datetime.now(UTC)
    rows = [{"key": key, "holder": claim.holder, "since": now} for claim in granted for key in claim.keys]
    if rows:
        await session.execute(insert(ClaimRow), rows)
    answers |= {id(claim): _GRANTED if claim in granted else _BEING_ERASED for claim in open_claims}
    return answers
