"""Datasets: made, found, listed."""

import uuid
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from services.ingest.catalog import cursors
from services.ingest.records import Dataset, Page
from services.ingest.tables import DatasetRow, RecordRow
from services.shared.database import Database
from services.shared.database.moments import in_utc
from services.shared.errors import AlreadyExists, InvalidRequest, NotFound, Unavailable

MAX_NAME_CHARACTERS = 200
_MAX_SEEN = 10_000
_ATTEMPTS = 3


class Datasets:
    """The datasets of every department; each method sees those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: set[tuple[str, str]] = set()

    async def create(self, tenant: str, name: str) -> Dataset:
        """Make an empty dataset; raises AlreadyExists where the name is taken."""
        name = name.strip()
        if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
            raise InvalidRequest(f"A dataset's name has 1 to {MAX_NAME_CHARACTERS} printable characters.")
        dataset = Dataset(uuid.uuid4().hex, tenant, name, 1, 0, datetime.now(UTC))
        row = {"id": dataset.dataset_id, "tenant": tenant, "name": name, "version": 1, "created_at": dataset.created_at}
        try:
            async with self._database.session() as session:
                await session.execute(insert(DatasetRow).values(row))
        except IntegrityError:
            raise AlreadyExists(f"A dataset named {name!r} exists; choose another name, or use that one.") from None
        return dataset

    async def ensure(self, tenant: str, name: str) -> Dataset:
        """Return the dataset of a name, made where there is none."""
        for _ in range(_ATTEMPTS):
            async with self._database.session(read_only=True) as session:
                found = (await session.execute(_selected(tenant).where(DatasetRow.name == name.strip()))).all()
            for row, count in found:
                return _dataset_of(row, count)
            try:
                return await self.create(tenant, name)
            except AlreadyExists:
                continue  # somebody else was faster
        raise Unavailable(f"The dataset {name!r} is being made and erased at once; try again.")

    async def get(self, tenant: str, dataset_id: str) -> Dataset:
        """Return one dataset; raises NotFound where it is not the department's."""
        async with self._database.session(read_only=True) as session:
            found = (await session.execute(_selected(tenant).where(DatasetRow.id == dataset_id))).all()
        for row, count in found:
            return _dataset_of(row, count)
        raise no_dataset(dataset_id)

    async def check(self, tenant: str, dataset_id: str) -> None:
        """Raise NotFound where a dataset is not the department's; one that was there a moment ago counts."""
        if (tenant, dataset_id) in self._seen:
            return
        async with self._database.session(read_only=True) as session:
            if await session.scalar(select(DatasetRow.id).where(alive(tenant, dataset_id))) is None:
                raise no_dataset(dataset_id)
        if len(self._seen) >= _MAX_SEEN:
            self._seen.clear()
        self._seen.add((tenant, dataset_id))

    def forget(self, tenant: str, dataset_id: str) -> None:
        """Look again the next time, for the dataset is being erased."""
        self._seen.discard((tenant, dataset_id))

    async def page(self, tenant: str, *, limit: int, cursor: str) -> Page[Dataset]:
        """List the department's datasets, newest first."""
        limit, before = cursors.limit_of(limit), cursors.decode(cursor)
        query = _selected(tenant).order_by(DatasetRow.seq.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(DatasetRow.seq < before)
        async with self._database.session(read_only=True) as session:
            rows = [(row, count) for row, count in await session.execute(query)]
        more = cursors.encode(rows[limit - 1][0].seq) if len(rows) > limit else ""
        return Page(tuple(_dataset_of(row, count) for row, count in rows[:limit]), more)


def alive(tenant: str, dataset_id: str) -> ColumnElement[bool]:
    """Return the condition of one dataset of a department that is not being erased."""
    return (DatasetRow.id == dataset_id) & (DatasetRow.tenant == tenant) & DatasetRow.erased_at.is_(None)


def no_dataset(dataset_id: str) -> NotFound:
    """Return what is raised for a dataset that is not there, or not the caller's."""
    return NotFound(f"There is no dataset {dataset_id[:64]!r}.")


def _selected(tenant: str) -> Select[DatasetRow, int]:
    count = (
        select(func.count())
        .where(RecordRow.dataset_id == DatasetRow.id, RecordRow.erased_at.is_(None))
        .scalar_subquery()
    )
    return select(DatasetRow, count).where(DatasetRow.tenant == tenant, DatasetRow.erased_at.is_(None))


def _dataset_of(row: DatasetRow, records: int) -> Dataset:
    return Dataset(row.id, row.tenant, row.name, row.version, records, in_utc(row.created_at))
