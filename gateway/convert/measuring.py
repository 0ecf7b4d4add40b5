"""Datasets that are measured as jobs, and measurements in other systems' formats."""

from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.signal_analysis.v1 import measuring_pb2 as pb
from gateway.convert.paging import next_cursor, page_request
from gateway.schemas.measuring import JobState, MeasurementJob, MeasurementJobPage
from gateway.sse import Event
from services.shared.rpc.convert import moment

_STATE: Final = {
    pb.MEASUREMENT_JOB_STATE_QUEUED: JobState.QUEUED,
    pb.MEASUREMENT_JOB_STATE_RUNNING: JobState.RUNNING,
    pb.MEASUREMENT_JOB_STATE_SUCCEEDED: JobState.SUCCEEDED,
    pb.MEASUREMENT_JOB_STATE_FAILED: JobState.FAILED,
    pb.MEASUREMENT_JOB_STATE_CANCELLED: JobState.CANCELLED,
}
_DIGITS: Final = 4


def create(dataset_id: str) -> pb.CreateMeasurementJobRequest:
    """Ask to measure a dataset."""
    return pb.CreateMeasurementJobRequest(dataset_id=dataset_id)


def get(job_id: str) -> pb.GetMeasurementJobRequest:
    """Ask for one job."""
    return pb.GetMeasurementJobRequest(job_id=job_id)


def listing(limit: int, cursor: str) -> pb.ListMeasurementJobsRequest:
    """Ask for a page of jobs."""
    return pb.ListMeasurementJobsRequest(page=page_request(limit, cursor))


def cancel(job_id: str) -> pb.CancelMeasurementJobRequest:
    """Ask to cancel a job."""
    return pb.CancelMeasurementJobRequest(job_id=job_id)


def watch(job_id: str) -> pb.WatchMeasurementJobRequest:
    """Ask to follow a job."""
    return pb.WatchMeasurementJobRequest(job_id=job_id)


def table(job_id: str, form: str) -> pb.GetMeasurementTableRequest:
    """Ask for the result of a job, or for its drawing."""
    return pb.GetMeasurementTableRequest(job_id=job_id, format=form)


def export(record_id: str, form: str) -> pb.ExportMeasurementsRequest:
    """Ask for the measurements of a record as a file."""
    return pb.ExportMeasurementsRequest(record_id=record_id, format=form)


def annotate(record_id: str) -> pb.AnnotateRecordRequest:
    """Ask for what is to be written beside a record's signal."""
    return pb.AnnotateRecordRequest(record_id=record_id)


def annotations(message: pb.AnnotateRecordResponse) -> common_pb2.EcgAnnotations:
    """Return it, as ingest takes it."""
    return message.annotations


def job(message: pb.MeasurementJob) -> MeasurementJob:
    """Return one job."""
    return MeasurementJob(
        job_id=message.job_id,
        dataset_id=message.dataset_id,
        state=_STATE[message.state],
        records=message.records,
        done=message.done,
        reused=message.reused,
        refused=message.refused,
        progress=_progress(message),
        attempts=message.attempts,
        error=message.error_detail or None,
        engine_version=message.engine_version,
        created_at=moment(message.created_at),
        updated_at=moment(message.updated_at),
    )


def page(message: pb.ListMeasurementJobsResponse) -> MeasurementJobPage:
    """Return a page of jobs."""
    return MeasurementJobPage(items=[job(item) for item in message.jobs], next_cursor=next_cursor(message.page))


def event(message: pb.WatchMeasurementJobResponse) -> Event:
    """Return a job as it stands as an event; its number is how far it is, for there is nothing to catch up on."""
    told = job(message.job)
    return Event(id=str(told.done), kind="job", data=told.model_dump_json())


def _progress(message: pb.MeasurementJob) -> float:
    if message.state == pb.MEASUREMENT_JOB_STATE_SUCCEEDED:
        return 1.0
    return round(message.done / message.records, _DIGITS) if message.records else 0.0
