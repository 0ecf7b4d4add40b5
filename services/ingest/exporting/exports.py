"""A stored record as a file."""

import asyncio
import hashlib
from dataclasses import dataclass

from services.ingest import exporting
from services.ingest.exporting.resampling import resampled
from services.ingest.records import Record
from services.shared.ecg import Signal
from services.shared.signals import SignalStore


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that is ready to be sent."""

    file_name: str
    media_type: str
    sha256: str
    data: bytes


async def export(signals: SignalStore, record: Record, format_name: str, rate_hz: float | None) -> ExportedFile:
    """Read a record's signal and write it as a file; raises InvalidRequest or TooLarge."""
    writer = exporting.find(format_name)
    signal = await signals.read(record.signal)
    return await asyncio.to_thread(_written, writer, record, signal, rate_hz)


def _written(writer: exporting.Writer, record: Record, signal: Signal, rate_hz: float | None) -> ExportedFile:
    signal, actual_hz = resampled(signal, record.signal.rate_hz, rate_hz)
    ecg = exporting.ExportedEcg(
        record_id=record.record_id,
        signal=signal,
        leads=record.signal.leads,
        rate_hz=actual_hz,
        age_years=record.age_years,
        sex=record.sex,
        patient=record.patient,
        acquisition=record.acquisition,
    )
    data = writer.write(ecg)
    return ExportedFile(record.record_id + writer.SUFFIX, writer.MEDIA_TYPE, hashlib.sha256(data).hexdigest(), data)
