"""Counting a dataset."""

from typing import Any

from sqlalchemy import ColumnElement, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest.catalog.datasets import alive, no_dataset
from services.ingest.records import Statistics
from services.ingest.tables import DatasetRow, LabelRow, RecordRow
from services.shared.database import Database

UNKNOWN = "unknown"


async def statistics(database: Database, tenant: str, dataset_id: str) -> Statistics:
    """Count the records and labels of a dataset; raises NotFound."""
    async with database.session(read_only=True) as session:
        if await session.scalar(select(DatasetRow.id).where(alive(tenant, dataset_id))) is None:
            raise no_dataset(dataset_id)
        here = (RecordRow.dataset_id == dataset_id) & RecordRow.erased_at.is_(None)
        duration = RecordRow.samples / RecordRow.rate_hz
        totals = select(
            func.count(), func.count(distinct(RecordRow.patient)), func.min(duration), func.max(duration)
        ).where(here)
        records, patients, shortest, longest = (await session.execute(totals)).one()
        labelled = select(func.count(distinct(LabelRow.record_id))).where(LabelRow.dataset_id == dataset_id)
        of_labels = LabelRow.dataset_id == dataset_id
        return Statistics(
            records=records,
            unlabelled_records=records - (await session.scalar(labelled) or 0),
            labels=await _counts(session, LabelRow.name, of_labels),
            formats=await _counts(session, RecordRow.format_name, here),
            rates=await _counts(session, RecordRow.rate_hz, here),
            sexes=await _counts(session, RecordRow.sex, here),
            grades=await _counts(session, RecordRow.quality["grade"].as_string(), here),
            patients=patients,
            shortest_s=float(shortest or 0),
            longest_s=float(longest or 0),
        )


async def _counts(session: AsyncSession, column: Any, condition: ColumnElement[bool]) -> dict[str, int]:
    values = select(column.label("value")).where(condition).subquery()
    value, count = values.c.value, func.count()
    query = select(value, count).group_by(value).order_by(count.desc(), value)
    return {_text(value): number for value, number in await session.execute(query)}


def _text(value: object) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)
