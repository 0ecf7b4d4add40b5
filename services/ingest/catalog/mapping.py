"""Rows to what ingest speaks of, and back; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from services.ingest.catalog import acquisitions, qualities
from services.ingest.records import Label, NewRecord, Record
from services.ingest.tables import RecordRow
from services.shared.database.moments import in_utc
from services.shared.ecg import Remark
from services.shared.signals import SignalRef


def record_of(row: RecordRow | Row[Any], labels: Iterable[Label] = ()) -> Record:
    """Return a row as a record."""
    return Record(
        record_id=row.id,
        tenant=row.tenant,
        dataset_id=row.dataset_id,
        file_name=row.file_name,
        format_name=row.format_name,
        sha256=row.sha256,
        signal=SignalRef(row.shard_key, row.shard_index, tuple(row.leads), row.samples, row.rate_hz),
        remarks=tuple(Remark(code, text) for code, text in row.remarks),
        patient=row.patient,
        age_years=row.age_years,
        sex=row.sex,
        acquisition=acquisitions.acquisition_of(row.acquisition),
        quality=qualities.quality_of(row.quality),
        created_at=in_utc(row.created_at),
        labels=tuple(labels),
    )


def stored(new: NewRecord) -> Record:
    """Return a new record as it is once its row is there."""
    return Record(*(getattr(new, name) for name in NewRecord.__slots__))


def values_of(new: NewRecord, erased_at: datetime | None = None) -> dict[str, Any]:
    """Return the columns of a new record's row."""
    return {
        "id": new.record_id,
        "tenant": new.tenant,
        "dataset_id": new.dataset_id,
        "file_name": new.file_name,
        "format_name": new.format_name,
        "sha256": new.sha256,
        "shard_key": new.signal.shard_key,
        "shard_index": new.signal.index,
        "leads": list(new.signal.leads),
        "samples": new.signal.samples,
        "rate_hz": new.signal.rate_hz,
        "remarks": [[remark.code, remark.text] for remark in new.remarks],
        "patient": new.patient,
        "age_years": new.age_years,
        "sex": new.sex,
        "acquisition": acquisitions.json_of(new.acquisition),
        "quality": qualities.json_of(new.quality),
        "created_at": new.created_at,
        "erased_at": erased_at,
    }
