"""DICOM instances: what the objects that became records call themselves."""

from typing import Any

from sqlalchemy import ColumnElement, func, select

from services.ingest.catalog import cursors
from services.ingest.records import Instance, InstanceQuery, NewRecord, Page, StoredInstance
from services.ingest.tables import InstanceRow, RecordRow
from services.shared.database import Database
from services.shared.errors import NotFound


class Instances:
    """The instances of every department; each method sees those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, tenant: str, query: InstanceQuery, *, limit: int, cursor: str) -> Page[StoredInstance]:
        """List instances in the order they came: each SOP instance once, by its newest record."""
        limit, after = cursors.limit_of(limit), cursors.decode(cursor)
        newest = (
            select(func.max(RecordRow.seq))
            .join(InstanceRow, InstanceRow.record_id == RecordRow.id)
            .where(*_conditions(tenant, query))
            .group_by(InstanceRow.sop_uid)
        )
        found = (
            select(RecordRow.seq, RecordRow.patient, RecordRow.sex, InstanceRow)
            .join(InstanceRow, InstanceRow.record_id == RecordRow.id)
            .where(RecordRow.seq.in_(newest), *([] if after is None else [RecordRow.seq > after]))
            .order_by(RecordRow.seq)
            .limit(limit + 1)
        )
        async with self._database.session(read_only=True) as session:
            rows = [(seq, _stored(row, patient, sex)) for seq, patient, sex, row in await session.execute(found)]
        more = cursors.encode(rows[limit - 1][0]) if len(rows) > limit else ""
        return Page(tuple(instance for _, instance in rows[:limit]), more)

    async def of_record(self, tenant: str, record_id: str) -> Instance:
        """Return what a record calls itself in DICOM; raises NotFound where it was no such object."""
        mine = (InstanceRow.record_id == record_id) & (InstanceRow.tenant == tenant)
        async with self._database.session(read_only=True) as session:
            row = await session.scalar(select(InstanceRow).where(mine))
        if row is None:
            raise NotFound(f"There is no DICOM instance of record {record_id[:64]!r}.")
        return _instance(row)


def instance_values(record: NewRecord, instance: Instance) -> dict[str, Any]:
    """Return the columns of a new instance's row."""
    return {
        "record_id": record.record_id,
        "tenant": record.tenant,
        "dataset_id": record.dataset_id,
        "study_uid": instance.study_uid,
        "series_uid": instance.series_uid,
        "sop_uid": instance.sop_uid,
        "sop_class_uid": instance.sop_class_uid,
    }


def _conditions(tenant: str, query: InstanceQuery) -> list[ColumnElement[bool]]:
    asked = {
        InstanceRow.study_uid: query.study_uid,
        InstanceRow.series_uid: query.series_uid,
        InstanceRow.sop_uid: query.sop_uid,
        RecordRow.patient: query.patient,
    }
    exact = [column == value for column, value in asked.items() if value]
    return [InstanceRow.tenant == tenant, RecordRow.erased_at.is_(None), *exact]


def _stored(row: InstanceRow, patient: str | None, sex: str | None) -> StoredInstance:
    return StoredInstance(_instance(row), row.record_id, patient, sex)


def _instance(row: InstanceRow) -> Instance:
    return Instance(row.study_uid, row.series_uid, row.sop_uid, row.sop_class_uid)
