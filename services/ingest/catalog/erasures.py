"""What erasing asks of the rows: mark first, then see who else refers to an object, and forget last."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.ingest.catalog.datasets import alive, no_dataset
from services.ingest.catalog.locks import lock_claims
from services.ingest.catalog.parts import forgotten_with
from services.ingest.catalog.writing import Writing
from services.ingest.keys import original_of
from services.ingest.tables import ERASER, ClaimRow, DatasetRow, InstanceRow, LabelRow, PartRow, RecordRow
from services.shared.database import Database
from services.shared.database.moments import in_utc
from services.shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Doomed:
    """A record whose row is marked, and which is not gone yet."""

    record_id: str
    tenant: str
    dataset_id: str
    sha256: str
    shard_key: str


@dataclass(frozen=True, slots=True)
class StaleClaim:
    """A promise that was not kept in time."""

    key: str
    holder: str
    since: datetime


class Erasures:
    """The rows of everything that is on its way out."""

    def __init__(self, database: Database, writing: Writing) -> None:
        self._database = database
        self._writing = writing

    async def mark_record(self, tenant: str, record_id: str) -> Doomed:
        """Make one record invisible; raises NotFound."""
        async with self._database.session() as session:
            mine = (RecordRow.id == record_id) & (RecordRow.tenant == tenant) & RecordRow.erased_at.is_(None)
            row = await session.scalar(update(RecordRow).where(mine).values(erased_at=_now()).returning(RecordRow))
            if row is None:
                raise NotFound(f"There is no record {record_id[:64]!r}.")
            await session.execute(delete(LabelRow).where(LabelRow.record_id == record_id))
            await session.execute(forgotten_with(row.dataset_id, record_id))
            await session.execute(delete(InstanceRow).where(InstanceRow.record_id == record_id))
            bumped = update(DatasetRow).where(DatasetRow.id == row.dataset_id).values(version=DatasetRow.version + 1)
            await session.execute(bumped)
            return _doomed(row)

    async def mark_dataset(self, tenant: str, dataset_id: str) -> int:
        """Make a dataset and its records invisible; returns how many there were. Raises NotFound."""
        async with self._database.session() as session:
            marked = update(DatasetRow).where(alive(tenant, dataset_id)).values(erased_at=_now())
            if (await session.execute(marked.returning(DatasetRow.id))).first() is None:
                raise no_dataset(dataset_id)
            await session.execute(delete(LabelRow).where(LabelRow.dataset_id == dataset_id))
            await session.execute(delete(PartRow).where(PartRow.dataset_id == dataset_id))
            await session.execute(delete(InstanceRow).where(InstanceRow.dataset_id == dataset_id))
            here = (RecordRow.dataset_id == dataset_id) & RecordRow.erased_at.is_(None)
            records = await session.scalars(
                update(RecordRow).where(here).values(erased_at=_now()).returning(RecordRow.id)
            )
            return len(list(records))

    async def doomed_datasets(self) -> list[tuple[str, str]]:
        """Return the tenant and id of each dataset that is marked and not gone yet."""
        query = select(DatasetRow.tenant, DatasetRow.id).where(DatasetRow.erased_at.is_not(None))
        async with self._database.session(read_only=True) as session:
            return [(tenant, dataset_id) for tenant, dataset_id in await session.execute(query)]

    async def doomed_records(self, limit: int) -> list[Doomed]:
        """Return records that are marked and not gone yet, the longest first."""
        query = select(RecordRow).where(RecordRow.erased_at.is_not(None)).order_by(RecordRow.erased_at).limit(limit)
        async with self._database.session(read_only=True) as session:
            return [_doomed(row) for row in await session.scalars(query)]

    async def originals_of(self, dataset_id: str) -> set[str]:
        """Return the sha256 of every record of a dataset, marked ones as well."""
        query = select(RecordRow.sha256).where(RecordRow.dataset_id == dataset_id).distinct()
        async with self._database.session(read_only=True) as session:
            return set(await session.scalars(query))

    async def rows_of_shard(self, shard_key: str) -> dict[int, bool]:
        """Return for each row of a shard whether its record is alive."""
        query = select(RecordRow.shard_index, RecordRow.erased_at).where(RecordRow.shard_key == shard_key)
        async with self._database.session(read_only=True) as session:
            return {index: erased_at is None for index, erased_at in await session.execute(query)}

    async def take(self, key: str, *, holder: str | None = None) -> bool:
        """Claim an object in order to delete or rewrite it; False where it is in use.

        Where a holder is named, its claim on the object ends with that.
        """
        try:
            return await self._writing.run(partial(_take, key=key, holder=holder))
        except IntegrityError:
            return False  # another replica was faster

    async def is_referred_to(self, key: str) -> bool:
        """Say whether a living record has its original or its signal in this object."""
        tenant, sha256 = original_of(key) or ("", "")
        refers = (RecordRow.shard_key == key) | ((RecordRow.tenant == tenant) & (RecordRow.sha256 == sha256))
        async with self._database.session(read_only=True) as session:
            return bool(await session.scalar(select(exists().where(refers, RecordRow.erased_at.is_(None)))))

    async def release(self, key: str) -> None:
        """End the eraser's claim on an object."""
        async with self._database.session() as session:
            await session.execute(delete(ClaimRow).where(ClaimRow.key == key, ClaimRow.holder == ERASER))

    async def held_by(self, holder: str) -> list[str]:
        """Return the objects that an upload has claimed and not committed."""
        async with self._database.session(read_only=True) as session:
            return list(await session.scalars(select(ClaimRow.key).where(ClaimRow.holder == holder)))

    async def claims_before(self, moment: datetime) -> list[StaleClaim]:
        """Return the claims that are older than a moment."""
        query = (
            select(ClaimRow.key, ClaimRow.holder, ClaimRow.since)
            .where(ClaimRow.since < moment)
            .order_by(ClaimRow.since)
            .limit(500)
        )
        async with self._database.session(read_only=True) as session:
            return [StaleClaim(key, holder, in_utc(since)) for key, holder, since in await session.execute(query)]

    async def forget_record(self, record_id: str) -> None:
        """Delete a marked record's row."""
        async with self._database.session() as session:
            await session.execute(delete(PartRow).where(PartRow.record_id == record_id))
            await session.execute(delete(RecordRow).where(RecordRow.id == record_id, RecordRow.erased_at.is_not(None)))

    async def forget_dataset(self, dataset_id: str) -> int:
        """Delete a marked dataset's row and those of its records; returns how many records there were."""
        async with self._database.session() as session:
            ids = await session.scalars(
                delete(RecordRow).where(RecordRow.dataset_id == dataset_id).returning(RecordRow.id)
            )
            await session.execute(delete(PartRow).where(PartRow.dataset_id == dataset_id))
            await session.execute(delete(DatasetRow).where(DatasetRow.id == dataset_id))
            return len(list(ids))


def _take(connection: Connection, *, key: str, holder: str | None) -> bool:
    lock_claims(connection, alone=True)
    if holder is not None:
        connection.execute(delete(ClaimRow).where(ClaimRow.key == key, ClaimRow.holder == holder))
    if connection.execute(select(ClaimRow.key).where(ClaimRow.key == key)).first() is not None:
        return False
    connection.execute(insert(ClaimRow).values(key=key, holder=ERASER, since=_now()))
    return True


def _doomed(row: RecordRow) -> Doomed:
    return Doomed(row.id, row.tenant, row.dataset_id, row.sha256, row.shard_key)


def _now() -> datetime:
    return datetime.now(UTC)
