"""Records: found, listed, resolved; with their labels."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest.catalog import cursors
from services.ingest.catalog.datasets import alive, no_dataset
from services.ingest.catalog.mapping import record_of
from services.ingest.records import Label, Page, Record
from services.ingest.tables import DatasetRow, LabelRow, RecordRow
from services.shared.database import Database
from services.shared.errors import InvalidRequest, NotFound

BATCH: Final = 500
MAX_NAMED: Final = 10_000
_LISTED: Final = 5


class Records:
    """The records of every department; each method sees those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant: str, record_id: str) -> Record:
        """Return one record; raises NotFound where it is not the department's."""
        async with self._database.session(read_only=True) as session:
            found = await _records(session, (RecordRow.id == record_id) & (RecordRow.tenant == tenant), limit=1)
        if not found:
            raise NotFound(f"There is no record {record_id[:64]!r}.")
        return found[0][1]

    async def page(self, tenant: str, dataset_id: str, *, limit: int, cursor: str) -> Page[Record]:
        """List the records of a dataset in the order they came; raises NotFound."""
        limit, after = cursors.limit_of(limit), cursors.decode(cursor)
        async with self._database.session(read_only=True) as session:
            await _version(session, tenant, dataset_id)
            found = await _records(session, _after(dataset_id, after), limit=limit + 1)
        more = cursors.encode(found[limit - 1][0]) if len(found) > limit else ""
        return Page(tuple(record for _, record in found[:limit]), more)

    async def named(self, tenant: str, record_ids: Sequence[str]) -> AsyncIterator[tuple[Record, ...]]:
        """Yield records in the order asked for, in batches; raises NotFound before the first where one is missing."""
        if len(record_ids) > MAX_NAMED:
            raise InvalidRequest(f"{len(record_ids)} records were named; at most {MAX_NAMED} are resolved at once.")
        await self._check_all_there(tenant, record_ids)
        for start in range(0, len(record_ids), BATCH):
            wanted = record_ids[start : start + BATCH]
            async with self._database.session(read_only=True) as session:
                condition = RecordRow.id.in_(set(wanted)) & (RecordRow.tenant == tenant)
                found = {record.record_id: record for _, record in await _records(session, condition, limit=BATCH)}
            yield tuple(found[record_id] for record_id in wanted if record_id in found)

    async def of_dataset(self, tenant: str, dataset_id: str) -> AsyncIterator[tuple[int, tuple[Record, ...]]]:
        """Yield the dataset's version and a batch of its records, in the order they came; raises NotFound.

        The version is read first, so that whoever caches by it never keeps newer records under an older version
        without noticing the next change.
        """
        after: int | None = None
        version: int | None = None
        while True:
            async with self._database.session(read_only=True) as session:
                if version is None:
                    version = await _version(session, tenant, dataset_id)
                found = await _records(session, _after(dataset_id, after), limit=BATCH)
            if found or after is None:
                yield version, tuple(record for _, record in found)
            if len(found) < BATCH:
                return
            after = found[-1][0]

    async def _check_all_there(self, tenant: str, record_ids: Sequence[str]) -> None:
        missing: list[str] = []
        async with self._database.session(read_only=True) as session:
            for start in range(0, len(record_ids), BATCH):
                wanted = record_ids[start : start + BATCH]
                condition = RecordRow.id.in_(set(wanted)) & (RecordRow.tenant == tenant) & RecordRow.erased_at.is_(None)
                there = set(await session.scalars(select(RecordRow.id).where(condition)))
                missing += [record_id for record_id in wanted if record_id not in there]
        if missing:
            raise NotFound(f"{len(missing)} records are not there, e.g. {', '.join(missing[:_LISTED])[:200]}.")


def _after(dataset_id: str, after: int | None) -> ColumnElement[bool]:
    condition = RecordRow.dataset_id == dataset_id
    return condition if after is None else condition & (RecordRow.seq > after)


async def _version(session: AsyncSession, tenant: str, dataset_id: str) -> int:
    version = await session.scalar(select(DatasetRow.version).where(alive(tenant, dataset_id)))
    if version is None:
        raise no_dataset(dataset_id)
    return version


async def _records(session: AsyncSession, condition: ColumnElement[bool], *, limit: int) -> list[tuple[int, Record]]:
    """Return records and their places in the order in which they came."""
    query = select(RecordRow).where(condition, RecordRow.erased_at.is_(None)).order_by(RecordRow.seq).limit(limit)
    rows = list(await session.scalars(query))
    labels: defaultdict[str, list[Label]] = defaultdict(list)
    for start in range(0, len(rows), BATCH):
        of_these = LabelRow.record_id.in_([row.id for row in rows[start : start + BATCH]])
        for label in await session.scalars(select(LabelRow).where(of_these).order_by(LabelRow.position)):
            labels[label.record_id].append(Label(label.name, label.icd10))
    return [(row.seq, record_of(row, labels[row.id])) for row in rows]
