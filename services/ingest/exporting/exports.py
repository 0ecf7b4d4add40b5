"""A stored record as a file."""

import asyncio
import hashlib
from dataclasses import dataclass

from services.ingest import exporting
from services.ingest.exporting import as_dicom
from services.ingest.exporting.annotations import NONE, Annotations
from services.ingest.exporting.resampling import resampled
from services.ingest.records import Record
from services.shared.ecg import Signal
from services.shared.errors import InvalidRequest
from services.shared.signals import SignalStore


@dataclass(frozen=True, slots=True)
class Wish:
    """How a signal is wanted."""

    format_name: str
    rate_hz: float | None = None
    """None keeps the native one."""
    annotations: Annotations = NONE
    """At the native rate."""

    def __post_init__(self) -> None:
        if self.annotations and self.format_name != as_dicom.NAME:
            raise InvalidRequest(f"Only {as_dicom.NAME} carries annotations, not {self.format_name[:40]!r}.")


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that is ready to be sent."""

    file_name: str
    media_type: str
    sha256: str
    data: bytes


async def export(signals: SignalStore, record: Record, wish: Wish) -> ExportedFile:
    """Read a record's signal and write it as a file; raises InvalidRequest or TooLarge."""
    writer = exporting.find(wish.format_name)
    signal = await signals.read(record.signal)
    return await asyncio.to_thread(_written, writer, record, signal, wish)


def _written(writer: exporting.Writer, record: Record, signal: Signal, wish: Wish) -> ExportedFile:
    signal, actual_hz = resampled(signal, record.signal.rate_hz, wish.rate_hz)
    ecg = exporting.ExportedEcg(
        record_id=record.record_id,
        signal=signal,
        leads=record.signal.leads,
        rate_hz=actual_hz,
        age_years=record.age_years,
        sex=record.sex,
        patient=record.patient,
        acquisition=record.acquisition,
        annotations=wish.annotations.at_rate(actual_hz / record.signal.rate_hz),
    )
    data = writer.write(ecg)
    return ExportedFile(record.record_id + writer.SUFFIX, writer.MEDIA_TYPE, hashlib.sha256(data).hexdigest(), data)
