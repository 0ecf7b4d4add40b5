"""Protobuf of ingest to what the room speaks of, and back; pure."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.raw_layout import RawLayout
from services.ingest.exporting.annotations import Annotations, Value, Wave
from services.ingest.exporting.exports import ExportedFile, Wish
from services.ingest.records import (
    Dataset,
    Instance,
    InstanceForm,
    InstanceQuery,
    LabelSummary,
    Outcome,
    Page,
    ReadFile,
    Record,
    ReportLine,
    Statistics,
    StoredInstance,
)
from services.ingest.steps import End, Start, Step
from services.shared.acquisition import NOT_STATED, Acquisition
from services.shared.errors import Cancelled, InvalidRequest
from services.shared.rpc.convert import ref_to_pb, remarks_to_pb, signal_to_pb, timestamp
from services.shared.rpc.quality import quality_to_pb

_LAYOUT: Final = ("lead_count", "interleaved", "header_bytes")
_FORMS = {pb.INSTANCE_FORM_FILE: InstanceForm.FILE, pb.INSTANCE_FORM_METADATA: InstanceForm.METADATA}
_OUTCOMES = {outcome: pb.FileOutcome.Value(f"FILE_OUTCOME_{outcome.name}") for outcome in Outcome}


def dataset_to_pb(dataset: Dataset) -> pb.Dataset:
    """Return a dataset for the wire."""
    return pb.Dataset(
        dataset_id=dataset.dataset_id,
        name=dataset.name,
        version=dataset.version,
        records=dataset.records,
        created_at=timestamp(dataset.created_at),
    )


def record_to_pb(record: Record) -> pb.Record:
    """Return a record for the wire."""
    return pb.Record(
        record_id=record.record_id,
        dataset_id=record.dataset_id,
        file_name=record.file_name,
        format=record.format_name,
        sha256=record.sha256,
        signal=ref_to_pb(record.signal),
        remarks=remarks_to_pb(record.remarks),
        labels=[pb.Label(name=label.name, icd10=label.icd10) for label in record.labels],
        patient=record.patient or "",
        age_years=record.age_years,
        sex=record.sex or "",
        created_at=timestamp(record.created_at),
        acquisition=acquisition_to_pb(record.acquisition),
        quality=quality_to_pb(record.quality),
    )


def acquisition_to_pb(acquisition: Acquisition) -> pb.Acquisition | None:
    """Return what a file says of its acquisition for the wire; None where it says nothing."""
    if acquisition == NOT_STATED:
        return None
    return pb.Acquisition(
        device=acquisition.device or "",
        acquired_at=acquisition.acquired_at or "",
        high_pass_hz=acquisition.filters.high_pass_hz,
        low_pass_hz=acquisition.filters.low_pass_hz,
        notch_hz=acquisition.filters.notch_hz,
        scales=[pb.LeadScale(lead=s.lead, resolution=s.resolution, unit=s.unit) for s in acquisition.scales],
        measurements=[pb.DeviceMeasurement(name=m.name, value=m.value, unit=m.unit) for m in acquisition.measurements],
        statements=acquisition.statements,
    )


def line_to_pb(line: ReportLine) -> pb.UploadRecordsResponse:
    """Return a report line for the wire."""
    return pb.UploadRecordsResponse(
        file_name=line.file_name,
        outcome=_OUTCOMES[line.outcome],
        record=record_to_pb(line.record) if line.record else None,
        error_code=line.error_code,
        error_detail=line.error_detail,
        instance=_instance_to_pb(line.instance) if line.instance else None,
    )


def datasets_to_pb(page: Page[Dataset]) -> pb.ListDatasetsResponse:
    """Return a page of datasets for the wire."""
    return pb.ListDatasetsResponse(datasets=map(dataset_to_pb, page.items), page=_next(page.next_cursor))


def records_to_pb(page: Page[Record]) -> pb.ListRecordsResponse:
    """Return a page of records for the wire."""
    return pb.ListRecordsResponse(records=map(record_to_pb, page.items), page=_next(page.next_cursor))


def labels_to_pb(summary: LabelSummary) -> pb.PutLabelsResponse:
    """Return what labels have become for the wire."""
    return pb.PutLabelsResponse(
        labelled_records=summary.labelled_records,
        unlabelled_records=summary.unlabelled_records,
        classes=summary.classes,
    )


def statistics_to_pb(found: Statistics) -> pb.GetStatisticsResponse:
    """Return statistics for the wire."""
    return pb.GetStatisticsResponse(
        records=found.records,
        unlabelled_records=found.unlabelled_records,
        labels=_counts(found.labels),
        formats=_counts(found.formats),
        rates=_counts(found.rates),
        sexes=_counts(found.sexes),
        grades=_counts(found.grades),
        patients=found.patients,
        shortest_s=found.shortest_s,
        longest_s=found.longest_s,
    )


def batch_to_pb(version: int, records: Iterable[Record]) -> pb.ResolveRecordsResponse:
    """Return some resolved records for the wire."""
    return pb.ResolveRecordsResponse(dataset_version=version, records=map(record_to_pb, records))


def wish_from_pb(request: pb.ExportSignalRequest) -> Wish:
    """Return how a signal is wanted."""
    rate_hz, told = (request.rate_hz if request.HasField("rate_hz") else None), request.annotations
    values = tuple(Value(each.name, each.value, each.unit) for each in told.values)
    waves = tuple(Wave(each.kind, each.onset, each.offset) for each in told.waves)
    return Wish(request.format, rate_hz, Annotations(values, waves, told.source))


def head_to_pb(file: ExportedFile) -> common_pb2.FileHead:
    """Return what an exported file is for the wire."""
    size = len(file.data)
    return common_pb2.FileHead(
        file_name=file.file_name, media_type=file.media_type, sha256=file.sha256, size_bytes=size
    )


def decoded_to_pb(file: ReadFile) -> pb.DecodeFileResponse:
    """Return a decoded file for the wire."""
    recording = file.recording
    signal = signal_to_pb(recording.signal, recording.leads, recording.rate_hz)
    return pb.DecodeFileResponse(
        signal=signal,
        format=file.format_name,
        remarks=remarks_to_pb(recording.remarks),
        acquisition=acquisition_to_pb(recording.acquisition),
        quality=quality_to_pb(file.quality),
    )


def declaration_of(message: pb.Declaration) -> Declaration:
    """Return what the caller declares; raises InvalidRequest where it is impossible."""
    return Declaration(
        rate_hz=message.sampling_rate_hz if message.HasField("sampling_rate_hz") else None,
        gain_adu_per_mv=message.gain_adu_per_mv if message.HasField("gain_adu_per_mv") else None,
        lead_layout=message.lead_layout or None,
        format_name=message.format or None,
        raw=_raw_layout(message),
        study_uid=message.study_uid or None,
        instances_only=message.instances_only,
    )


def _raw_layout(message: pb.Declaration) -> RawLayout | None:
    stated = {name: getattr(message, name) for name in _LAYOUT if message.HasField(name)}
    if message.byte_order:
        stated["byte_order"] = message.byte_order
    if message.sample_type:
        return RawLayout(message.sample_type, **stated)
    if stated:
        raise InvalidRequest(f"{', '.join(stated)} describe raw samples: declare their sample_type as well.")
    return None


async def upload_options(requests: AsyncIterator[pb.UploadRecordsRequest]) -> tuple[str, Declaration]:
    """Return the dataset and the declaration, which come first; raises InvalidRequest where they do not."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "options":
        raise InvalidRequest("An upload begins with its options.")
    return first.options.dataset_id, declaration_of(first.options.declaration)


async def decode_options(requests: AsyncIterator[pb.DecodeFileRequest]) -> Declaration:
    """Return the declaration, which comes first; raises InvalidRequest where it does not."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "declaration":
        raise InvalidRequest("A file to decode begins with a declaration.")
    return declaration_of(first.declaration)


async def steps(
    requests: AsyncIterator[pb.UploadRecordsRequest] | AsyncIterator[pb.DecodeFileRequest],
) -> AsyncIterator[Step]:
    """Yield the steps after the options."""
    async for request in requests:
        match request.WhichOneof("part"):
            case "start":
                yield Start(request.start.file_name)
            case "chunk":
                yield request.chunk.data
            case "end":
                yield End()
            case _:
                raise InvalidRequest("Options come once, before the first file.")


async def labels_dataset(requests: AsyncIterator[pb.PutLabelsRequest]) -> str:
    """Return the dataset, which comes first; raises InvalidRequest where it does not."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "dataset_id":
        raise InvalidRequest("Labels begin with the dataset they are for.")
    return first.dataset_id


async def label_chunks(requests: AsyncIterator[pb.PutLabelsRequest]) -> AsyncIterator[bytes]:
    """Yield the bytes of the CSV; raises Cancelled where it breaks off: a cancelled call looks like a finished one."""
    async for request in requests:
        if request.WhichOneof("part") == "end":
            return
        yield request.chunk.data
    raise Cancelled("The labels were not sent to their end; send them again.")


def stored_event(tenant: str, dataset_id: str, record_ids: Sequence[str]) -> bytes:
    """Return the event of records that were stored."""
    event = events_pb2.RecordingsStored(tenant=tenant, dataset_id=dataset_id, record_ids=record_ids)
    return event.SerializeToString()


def erased_event(tenant: str, dataset_id: str, record_ids: Sequence[str]) -> bytes:
    """Return the event of records that were erased."""
    event = events_pb2.RecordingsErased(tenant=tenant, dataset_id=dataset_id, record_ids=record_ids)
    return event.SerializeToString()


def instance_query(request: pb.ListInstancesRequest) -> InstanceQuery:
    """Return which instances are asked for."""
    return InstanceQuery(request.study_uid, request.series_uid, request.sop_uid, request.patient)


def instance_form(form: pb.InstanceForm.ValueType) -> InstanceForm:
    """Return how an instance is to be told; raises InvalidRequest where that is not known."""
    known = _FORMS.get(form)
    if known is None:
        raise InvalidRequest("An instance is told as a file or as metadata.")
    return known


def instances_to_pb(page: Page[StoredInstance]) -> pb.ListInstancesResponse:
    """Return a page of instances for the wire."""
    return pb.ListInstancesResponse(instances=map(_stored_to_pb, page.items), page=_next(page.next_cursor))


def _stored_to_pb(found: StoredInstance) -> pb.StoredInstance:
    return pb.StoredInstance(
        instance=_instance_to_pb(found.instance),
        record_id=found.record_id,
        patient=found.patient or "",
        sex=found.sex or "",
    )


def _instance_to_pb(instance: Instance) -> pb.DicomInstance:
    return pb.DicomInstance(
        study_uid=instance.study_uid,
        series_uid=instance.series_uid,
        sop_uid=instance.sop_uid,
        sop_class_uid=instance.sop_class_uid,
    )


def _next(cursor: str) -> common_pb2.PageResponse:
    return common_pb2.PageResponse(next_cursor=cursor)


def _counts(counts: dict[str, int]) -> list[pb.Count]:
    return [pb.Count(value=value, count=count) for value, count in counts.items()]
