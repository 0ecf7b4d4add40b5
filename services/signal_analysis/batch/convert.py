"""Protobuf of measuring datasets to the room's own types and back; pure."""

from dataclasses import dataclass
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.signal_analysis.v1 import measuring_pb2 as pb
from services.shared.rpc.convert import timestamp
from services.signal_analysis.annotating import Annotations
from services.signal_analysis.batch.jobs import Job
from services.signal_analysis.batch.service import PageOfJobs
from services.signal_analysis.result_file import ResultFile

_STATES: Final = {
    "queued": pb.MEASUREMENT_JOB_STATE_QUEUED,
    "running": pb.MEASUREMENT_JOB_STATE_RUNNING,
    "succeeded": pb.MEASUREMENT_JOB_STATE_SUCCEEDED,
    "failed": pb.MEASUREMENT_JOB_STATE_FAILED,
    "cancelled": pb.MEASUREMENT_JOB_STATE_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """Records that were erased; none named means the whole dataset."""

    tenant: str
    dataset_id: str
    record_ids: tuple[str, ...]


def job_to_pb(job: Job) -> pb.MeasurementJob:
    """Return a job for the wire."""
    counts = job.counts
    return pb.MeasurementJob(
        job_id=job.job_id,
        dataset_id=job.dataset_id,
        state=_STATES[job.state],
        records=counts.records,
        done=counts.done,
        reused=counts.reused,
        refused=counts.refused,
        attempts=job.attempts,
        error_detail=job.error_detail,
        engine_version=job.engine,
        created_at=timestamp(job.created_at),
        updated_at=timestamp(job.updated_at),
    )


def page_to_pb(page: PageOfJobs) -> pb.ListMeasurementJobsResponse:
    """Return a page of jobs for the wire."""
    end = common_pb2.PageResponse(next_cursor=page.next_cursor)
    return pb.ListMeasurementJobsResponse(jobs=[job_to_pb(job) for job in page.jobs], page=end)


def head_to_pb(file: ResultFile) -> common_pb2.FileHead:
    """Return what a file is for the wire."""
    return common_pb2.FileHead(
        file_name=file.file_name, media_type=file.media_type, sha256=file.sha256, size_bytes=len(file.data)
    )


def annotations_to_pb(annotations: Annotations) -> pb.AnnotateRecordResponse:
    """Return annotations for the wire; what could not be measured is left out."""
    values = [
        common_pb2.AnnotatedValue(name=each.name, value=each.value, unit=each.unit)
        for each in annotations.measurements
        if each.value is not None
    ]
    waves = [
        common_pb2.AnnotatedWave(kind=each.kind, onset=each.onset, offset=each.offset) for each in annotations.waves
    ]
    told = common_pb2.EcgAnnotations(values=values, waves=waves, source=annotations.source)
    return pb.AnnotateRecordResponse(annotations=told)


def requested_event(tenant: str, job_id: str) -> bytes:
    """Return the message that says that a job waits."""
    return events_pb2.MeasuringRequested(tenant=tenant, job_id=job_id).SerializeToString()


def erased_from_pb(data: bytes) -> Erased:
    """Return what a message says was erased."""
    event = events_pb2.RecordingsErased.FromString(data)
    return Erased(event.tenant, event.dataset_id, tuple(event.record_ids))
