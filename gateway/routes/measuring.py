"""Measuring: one ECG, and whole datasets as jobs."""

from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from gateway import downloads, sse
from gateway.call import CallOf
from gateway.convert import measuring as convert
from gateway.convert import views
from gateway.routes import API_PREFIX, router
from gateway.schemas.measuring import (
    JobId,
    MeasurementJob,
    MeasurementJobPage,
    MeasurementsFormat,
    MeasurementsKind,
    TableFormat,
    TableKind,
)
from gateway.schemas.paging import Cursor, DatasetId, Limit, RecordId
from gateway.schemas.problems import problems
from gateway.schemas.views import Measurements

routes = router("Measurements")

_JOBS: Final = "/measurement-jobs"
_FHIR: Final[dict[str, Any]] = {
    "description": "What is measured; with `format=fhir` a Bundle.",
    "content": {
        "application/fhir+json": {
            "schema": {"type": "object"},
            "example": {"resourceType": "Bundle", "type": "collection", "entry": []},
        }
    },
}
_EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events `job`, whose `data` is the job as it stands then.",
        "content": {
            sse.MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": 'id: 740\nevent: job\ndata: {"state": "running", "done": 740}\n\n',
            }
        },
    }
}
_BINARY: Final = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
_TABLE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One row per ECG.",
        "content": {
            "application/vnd.apache.parquet": _BINARY,
            "text/csv": {"schema": {"type": "string"}, "example": "record_id,heart_rate_per_min\nr-91c0,71.5\n"},
        },
    }
}
_PLOT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Histograms.",
        "content": {"image/svg+xml": {"schema": {"type": "string"}, "example": "<svg …/>"}},
    }
}


@routes.get(
    "/records/{record_id}/measurements",
    summary="Measure an ECG",
    response_model=Measurements,
    responses={200: _FHIR, **problems(404, 413, 422)},
)
async def get_measurements(record_id: RecordId, call: CallOf, kind: MeasurementsKind = MeasurementsFormat.JSON) -> Any:
    """Return what is measured on one ECG; what cannot be told has a reason instead of a value."""
    if kind is MeasurementsFormat.FHIR:
        messages = call.peers.measuring.export_measurements(call.caller, convert.export(record_id, kind))
        return await downloads.respond(messages)
    wanted = views.get_measurements(record_id)
    return views.measurements(record_id, await call.peers.signal_analysis.get_measurements(call.caller, wanted))


@routes.post(
    "/datasets/{dataset_id}/measurements", status_code=202, summary="Measure a dataset", responses=problems(404)
)
async def create_measurement_job(dataset_id: DatasetId, call: CallOf, response: Response) -> MeasurementJob:
    """Queue the measuring of a dataset; where it is being measured already, return that job."""
    job = convert.job((await call.peers.measuring.create_job(call.caller, convert.create(dataset_id))).job)
    response.headers["Location"] = f"{API_PREFIX}{_JOBS}/{job.job_id}"
    return job


@routes.get(_JOBS, summary="List jobs", responses=problems())
async def list_measurement_jobs(call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> MeasurementJobPage:
    """List the department's jobs, newest first."""
    return convert.page(await call.peers.measuring.list_jobs(call.caller, convert.listing(limit, cursor)))


@routes.get(_JOBS + "/{job_id}", summary="Return a job", responses=problems(404))
async def get_measurement_job(job_id: JobId, call: CallOf) -> MeasurementJob:
    """Return one job and how far it is."""
    return convert.job((await call.peers.measuring.get_job(call.caller, convert.get(job_id))).job)


@routes.delete(_JOBS + "/{job_id}", summary="Cancel a job", responses=problems(404, 409))
async def cancel_measurement_job(job_id: JobId, call: CallOf) -> MeasurementJob:
    """Cancel a job; what it has measured is not measured again. One that has ended is refused."""
    return convert.job((await call.peers.measuring.cancel_job(call.caller, convert.cancel(job_id))).job)


@routes.get(
    _JOBS + "/{job_id}/events",
    summary="Follow a job",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_EVENTS, **problems(404)},
)
async def watch_measurement_job(job_id: JobId, request: Request, call: CallOf) -> Any:
    """Stream a job as it stands, now and whenever it changes, until it has ended."""
    await call.peers.measuring.get_job(call.caller, convert.get(job_id))
    events = sse.converted(call.peers.measuring.watch_job(call.caller, convert.watch(job_id)), convert.event)
    told = sse.Stream(events, request.url.path, request.app.state.lifetime, call.settings.keep_alive_seconds)
    return StreamingResponse(told.chunks(), media_type=sse.MEDIA_TYPE)


@routes.get(
    _JOBS + "/{job_id}/table",
    summary="Download a job's table",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_TABLE, **problems(404, 409)},
)
async def get_measurement_table(job_id: JobId, call: CallOf, kind: TableKind = TableFormat.PARQUET) -> Any:
    """Return what was measured, one row per ECG: values, reasons where there are none, and every lead's values."""
    return await downloads.respond(call.peers.measuring.get_table(call.caller, convert.table(job_id, kind)))


@routes.get(
    _JOBS + "/{job_id}/plot",
    summary="See a job's distributions",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_PLOT, **problems(404, 409)},
)
async def get_measurement_plot(job_id: JobId, call: CallOf) -> Any:
    """Return histograms of heart rate, intervals and axes over the dataset as SVG."""
    return await downloads.respond(call.peers.measuring.get_table(call.caller, convert.table(job_id, "svg")))
