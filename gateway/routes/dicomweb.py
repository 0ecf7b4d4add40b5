"""DICOMweb (PS3.18): storing, retrieving and finding DICOM ECGs with standard clients."""

from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import Response, StreamingResponse

from gateway import dicomweb, related, uploads
from gateway.call import Call, CallOf
from gateway.convert import instances as convert
from gateway.dicomweb import DICOM_JSON
from gateway.routes import router
from gateway.schemas.instances import (
    DATA_SETS,
    STORED_ANSWER,
    Found,
    InstanceQuery,
    IntoDataset,
    Offset,
    PatientMatch,
    SeriesMatch,
    SeriesUid,
    SopMatch,
    SopUid,
    StudyMatch,
    StudyUid,
)
from gateway.schemas.problems import PROBLEM_JSON, problems
from gateway.schemas.uploads import Instances
from services.shared.errors import InvalidRequest

PREFIX: Final = "/dicomweb"
routes = router("DICOMweb", prefix=PREFIX)

_MATCHED: Final = frozenset(
    {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID", "limit", "offset", "includefield"}
)
_BINARY: Final = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
_PROBLEM: Final = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NOT_ACCEPTABLE: Final[dict[int | str, Any]] = {406: {"description": "Not acceptable", "content": _PROBLEM}}
_ANSWER: Final = {"content": {DICOM_JSON: STORED_ANSWER}}
_STORED: Final[dict[int | str, Any]] = {
    **problems(404, 413, 507),
    200: {"description": "All are stored.", **_ANSWER},
    202: {"description": "Some are not stored.", **_ANSWER},
    409: {"description": "None is stored.", **_ANSWER},
    415: {"description": "No DICOM files", "content": _PROBLEM},
}
_FILES: Final[dict[int | str, Any]] = {
    **problems(404),
    **_NOT_ACCEPTABLE,
    200: {"description": "DICOM files.", "content": {related.MEDIA_TYPE: _BINARY, related.DICOM: _BINARY}},
}
_DATA_SETS: Final[dict[int | str, Any]] = {
    **problems(404),
    **_NOT_ACCEPTABLE,
    200: {
        "description": "A list of data sets.",
        "content": {DICOM_JSON: DATA_SETS, "application/json": DATA_SETS},
    },
}
_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": {related.MEDIA_TYPE: _BINARY}}}
_FILE_ROUTE: Final[dict[str, Any]] = {
    "response_model": None,
    "response_class": StreamingResponse,
    "responses": _FILES,
}
_JSON_ROUTE: Final[dict[str, Any]] = {"response_model": None, "response_class": Response, "responses": _DATA_SETS}
_STORE_ROUTE: Final[dict[str, Any]] = {
    "response_model": None,
    "response_class": Response,
    "responses": _STORED,
    "openapi_extra": _BODY,
}


async def _query(
    study: StudyMatch = "", series: SeriesMatch = "", sop: SopMatch = "", patient: PatientMatch = ""
) -> InstanceQuery:
    return InstanceQuery(study_uid=study, series_uid=series, sop_uid=sop, patient=patient)


QueryOf = Annotated[InstanceQuery, Depends(_query)]


@routes.post("/studies", summary="Store instances", **_STORE_ROUTE)
async def store_instances(request: Request, call: CallOf, dataset_id: IntoDataset = "") -> Response:
    """Take DICOM files of any studies (STOW-RS) and tell what became of each; one bad file costs no other.

    What was stored before is told as stored again.
    """
    return await _store(request, call, dataset_id, "")


@routes.post("/studies/{study}", summary="Store instances of a study", **_STORE_ROUTE)
async def store_study(study: StudyUid, request: Request, call: CallOf, dataset_id: IntoDataset = "") -> Response:
    """Take DICOM files of one study (STOW-RS); those of others are not stored."""
    return await _store(request, call, dataset_id, study)


@routes.get("/studies", summary="Find studies", **_JSON_ROUTE)
async def search_studies(
    request: Request,
    call: CallOf,
    study: StudyMatch = "",
    patient: PatientMatch = "",
    limit: Found = 100,
    offset: Offset = 0,
) -> Response:
    """Find studies (QIDO-RS) by their UID or by a patient's pseudonym."""
    query = InstanceQuery(study_uid=study, patient=patient)
    return await _search(request, call, query, level="studies", part=(limit, offset))


@routes.get("/studies/{study}/series", summary="Find series", **_JSON_ROUTE)
async def search_series(
    study: StudyUid, request: Request, call: CallOf, limit: Found = 100, offset: Offset = 0
) -> Response:
    """Find the series of a study (QIDO-RS)."""
    return await _search(request, call, InstanceQuery(study_uid=study), level="series", part=(limit, offset))


@routes.get("/studies/{study}/instances", summary="Find instances of a study", **_JSON_ROUTE)
async def search_study_instances(
    study: StudyUid, request: Request, call: CallOf, limit: Found = 100, offset: Offset = 0
) -> Response:
    """Find the instances of a study (QIDO-RS)."""
    return await _search(request, call, InstanceQuery(study_uid=study), level="instances", part=(limit, offset))


@routes.get("/instances", summary="Find instances", **_JSON_ROUTE)
async def search_instances(
    request: Request, call: CallOf, query: QueryOf, limit: Found = 100, offset: Offset = 0
) -> Response:
    """Find instances (QIDO-RS) by their UIDs or by a patient's pseudonym."""
    return await _search(request, call, query, level="instances", part=(limit, offset))


@routes.get("/studies/{study}", summary="Retrieve a study", **_FILE_ROUTE)
async def retrieve_study(study: StudyUid, request: Request, call: CallOf) -> Response:
    """Return the DICOM files of a study (WADO-RS) as the platform keeps them."""
    return await dicomweb.retrieved(call, request, InstanceQuery(study_uid=study))


@routes.get("/studies/{study}/metadata", summary="Describe a study", **_JSON_ROUTE)
async def describe_study(study: StudyUid, request: Request, call: CallOf) -> Response:
    """Return what the instances of a study say but for their samples (WADO-RS)."""
    return await dicomweb.described(call, request, InstanceQuery(study_uid=study))


@routes.get("/studies/{study}/series/{series}", summary="Retrieve a series", **_FILE_ROUTE)
async def retrieve_series(study: StudyUid, series: SeriesUid, request: Request, call: CallOf) -> Response:
    """Return the DICOM files of a series (WADO-RS) as the platform keeps them."""
    return await dicomweb.retrieved(call, request, InstanceQuery(study_uid=study, series_uid=series))


@routes.get("/studies/{study}/series/{series}/metadata", summary="Describe a series", **_JSON_ROUTE)
async def describe_series(study: StudyUid, series: SeriesUid, request: Request, call: CallOf) -> Response:
    """Return what the instances of a series say but for their samples (WADO-RS)."""
    return await dicomweb.described(call, request, InstanceQuery(study_uid=study, series_uid=series))


@routes.get("/studies/{study}/series/{series}/instances/{sop}", summary="Retrieve an instance", **_FILE_ROUTE)
async def retrieve_instance(
    study: StudyUid, series: SeriesUid, sop: SopUid, request: Request, call: CallOf
) -> Response:
    """Return one DICOM file (WADO-RS) as the platform keeps it; `Accept: application/dicom` gets it by itself."""
    return await dicomweb.retrieved(call, request, InstanceQuery(study_uid=study, series_uid=series, sop_uid=sop))


@routes.get("/studies/{study}/series/{series}/instances/{sop}/metadata", summary="Describe an instance", **_JSON_ROUTE)
async def describe_instance(
    study: StudyUid, series: SeriesUid, sop: SopUid, request: Request, call: CallOf
) -> Response:
    """Return what an instance says but for its samples (WADO-RS)."""
    return await dicomweb.described(call, request, InstanceQuery(study_uid=study, series_uid=series, sop_uid=sop))


async def _store(request: Request, call: Call, dataset_id: str, study: str) -> Response:
    related.boundary_of(request.headers.get("content-type", ""))
    dicomweb.accepts(request, DICOM_JSON, "application/json")
    if not dataset_id:
        ensured = await call.peers.ingest.ensure_dataset(call.caller, convert.ensure(call.settings.dicom_dataset))
        dataset_id = ensured.dataset.dataset_id
    declaration = Instances(format="dicom", study_uid=study)
    upload = uploads.RecordUpload(related.instances(request, call.limits), declaration, dataset_id, call.limits)
    report = await uploads.whole(upload.report(partial(call.peers.ingest.upload_records, call.caller)))
    if not report.files:
        raise InvalidRequest(f"The body holds no instance: send each DICOM file as a part of {related.MEDIA_TYPE}.")
    return dicomweb.stored(report.files, _base(request))


async def _search(request: Request, call: Call, query: InstanceQuery, *, level: str, part: tuple[int, int]) -> Response:
    (limit, offset), base = part, _base(request)
    told: dict[str, dicomweb.DataSet] = {}
    async with aclosing(dicomweb.found(call, query)) as instances:
        async for each in instances:
            told.setdefault(dicomweb.place(base, each.instance, level), dicomweb.summary(each, base, level))
            if len(told) == limit + offset:
                break
    return dicomweb.searched(request, list(told.values())[offset:], _MATCHED)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + PREFIX
