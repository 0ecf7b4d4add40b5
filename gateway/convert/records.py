"""Records, remarks and labels."""

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from gateway.convert import quality
from gateway.convert.paging import next_cursor, page_request
from gateway.convert.remarks import remarks
from gateway.schemas.records import (
    Acquisition,
    DeviceMeasurement,
    Label,
    LeadScale,
    Record,
    RecordPage,
    SignalFormat,
)
from services.shared.rpc.convert import moment


def get(record_id: str) -> pb.GetRecordRequest:
    """Ask for one record."""
    return pb.GetRecordRequest(record_id=record_id)


def delete(record_id: str) -> pb.DeleteRecordRequest:
    """Ask to erase one record."""
    return pb.DeleteRecordRequest(record_id=record_id)


def listing(dataset_id: str, limit: int, cursor: str) -> pb.ListRecordsRequest:
    """Ask for a page of a dataset's records."""
    return pb.ListRecordsRequest(dataset_id=dataset_id, page=page_request(limit, cursor))


def export(
    record_id: str,
    kind: SignalFormat,
    rate_hz: float | None,
    annotations: common_pb2.EcgAnnotations | None = None,
) -> pb.ExportSignalRequest:
    """Ask for a signal as a file, perhaps with what is measured on it."""
    return pb.ExportSignalRequest(record_id=record_id, format=kind.value, rate_hz=rate_hz, annotations=annotations)


def record(message: pb.Record) -> Record:
    """Return one record."""
    signal = message.signal
    return Record(
        record_id=message.record_id,
        dataset_id=message.dataset_id,
        file_name=message.file_name,
        format=message.format,
        sha256=message.sha256,
        leads=list(signal.leads),
        samples=signal.samples,
        rate_hz=signal.rate_hz,
        duration_s=signal.samples / signal.rate_hz if signal.rate_hz else 0.0,
        remarks=remarks(message.remarks),
        labels=[Label(name=label.name, icd10=label.icd10 or None) for label in message.labels],
        patient=message.patient or None,
        age_years=message.age_years if message.HasField("age_years") else None,
        sex=message.sex or None,
        acquisition=acquisition(message.acquisition) if message.HasField("acquisition") else None,
        quality=quality.summary(message.quality) if message.HasField("quality") else None,
        created_at=moment(message.created_at),
    )


def acquisition(message: pb.Acquisition) -> Acquisition:
    """Return how an ECG was recorded."""
    return Acquisition(
        device=message.device or None,
        acquired_at=message.acquired_at or None,
        high_pass_hz=message.high_pass_hz if message.HasField("high_pass_hz") else None,
        low_pass_hz=message.low_pass_hz if message.HasField("low_pass_hz") else None,
        notch_hz=message.notch_hz if message.HasField("notch_hz") else None,
        scales=[LeadScale(lead=s.lead, resolution=s.resolution, unit=s.unit) for s in message.scales],
        measurements=[DeviceMeasurement(name=m.name, value=m.value, unit=m.unit) for m in message.measurements],
        statements=list(message.statements),
    )


def page(message: pb.ListRecordsResponse) -> RecordPage:
    """Return a page of records."""
    return RecordPage(items=[record(item) for item in message.records], next_cursor=next_cursor(message.page))
