"""Datasets, uploads into them, and their labels."""

from functools import partial
from typing import Any, Final

from fastapi import Request, Response

from gateway import forms, ndjson, uploads
from gateway.call import CallOf
from gateway.convert import datasets as convert
from gateway.convert import records as convert_records
from gateway.forms import Form
from gateway.routes import API_PREFIX, router
from gateway.schemas.datasets import (
    Dataset,
    DatasetCreate,
    DatasetErased,
    DatasetPage,
    Digests,
    LabelReport,
    MissingFiles,
    Statistics,
    UploadReport,
)
from gateway.schemas.paging import Cursor, DatasetId, Limit
from gateway.schemas.problems import problems
from gateway.schemas.records import RecordPage
from gateway.schemas.uploads import Declaration, NoFields, form

routes = router("Datasets")

_FILES: Final = {"multipart/form-data": {"schema": form(Declaration, "files", many=True)}}
_LABELS: Final = {
    "text/csv": {"schema": {"type": "string"}, "example": "file_name,label,ICD-10\n0001.csv,infarction,I21\n"},
    "multipart/form-data": {"schema": form(NoFields, "file")},
}
_LINES: Final = {
    ndjson.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/FileReport"}},
}


@routes.post("/datasets", status_code=201, summary="Make a dataset", responses=problems(409))
async def create_dataset(body: DatasetCreate, call: CallOf, response: Response) -> Dataset:
    """Make an empty collection of ECGs; its name is unique in the department."""
    dataset = convert.dataset((await call.peers.ingest.create_dataset(call.caller, convert.create(body))).dataset)
    response.headers["Location"] = f"{API_PREFIX}/datasets/{dataset.dataset_id}"
    return dataset


@routes.get("/datasets", summary="List datasets", responses=problems())
async def list_datasets(call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> DatasetPage:
    """List the department's datasets, newest first."""
    return convert.page(await call.peers.ingest.list_datasets(call.caller, convert.listing(limit, cursor)))


@routes.get("/datasets/{dataset_id}", summary="Return a dataset", responses=problems(404))
async def get_dataset(dataset_id: DatasetId, call: CallOf) -> Dataset:
    """Return one dataset."""
    return convert.dataset((await call.peers.ingest.get_dataset(call.caller, convert.get(dataset_id))).dataset)


@routes.delete("/datasets/{dataset_id}", summary="Erase a dataset", responses=problems(404, 409))
async def delete_dataset(dataset_id: DatasetId, call: CallOf) -> DatasetErased:
    """Erase a dataset with all its records, originals and derived signals."""
    erased = convert.erased(await call.peers.ingest.delete_dataset(call.caller, convert.delete(dataset_id)))
    call.views.forget(call.caller)
    return erased


@routes.post(
    "/datasets/{dataset_id}/records",
    summary="Upload ECGs",
    response_model=UploadReport,
    responses={200: {"content": _LINES}, **problems(404, 413, 507)},
    openapi_extra={"requestBody": {"required": True, "content": _FILES}},
)
async def upload_records(dataset_id: DatasetId, request: Request, call: CallOf) -> Any:
    """Take any number of files, the fields before them, and report the fate of each; one bad file costs no other.

    A zip or tar is taken apart: each of its files has a line, and the archive one of its own after them. Names may
    have folders; files of one record lie in one folder.
    With `Accept: application/x-ndjson` a line per file is told as soon as its fate is durable.
    """
    form = await Form.open(request, call.limits)
    upload = uploads.RecordUpload(form.files(), form.read(Declaration), dataset_id, call.limits)
    lines = upload.report(partial(call.peers.ingest.upload_records, call.caller))
    if ndjson.wanted(request):
        return ndjson.UploadResponse(lines, request.url.path)
    return await uploads.whole(lines)


@routes.post(
    "/datasets/{dataset_id}/records/missing",
    summary="Find files that are missing",
    responses=problems(404),
)
async def find_missing(dataset_id: DatasetId, body: Digests, call: CallOf) -> MissingFiles:
    """Say which files, named by the sha256 of their bytes, a dataset does not have yet.

    Files of a record of several, and archives, are known as well. An upload that was interrupted goes on with these.
    """
    return convert.missing(await call.peers.ingest.find_missing(call.caller, convert.find_missing(dataset_id, body)))


@routes.put(
    "/datasets/{dataset_id}/labels",
    summary="Put labels",
    responses=problems(404, 413),
    openapi_extra={"requestBody": {"required": True, "content": _LABELS}},
)
async def put_labels(dataset_id: DatasetId, request: Request, call: CallOf) -> LabelReport:
    """Replace a dataset's labels by those of a CSV `file_name,label,ICD-10`: every line holds, or none is applied.

    Several labels of a file are repeated rows, or are separated by `;`.
    """
    csv = forms.single_body(request, call.limits, call.limits.max_labels_bytes)
    answer = await call.peers.ingest.put_labels(call.caller, uploads.label_steps(dataset_id, csv))
    return convert.label_report(answer)


@routes.get("/datasets/{dataset_id}/records", summary="List records", responses=problems(404))
async def list_records(dataset_id: DatasetId, call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> RecordPage:
    """List a dataset's records in the order they came."""
    wanted = convert_records.listing(dataset_id, limit, cursor)
    return convert_records.page(await call.peers.ingest.list_records(call.caller, wanted))


@routes.get("/datasets/{dataset_id}/statistics", summary="Count records and labels", responses=problems(404))
async def get_statistics(dataset_id: DatasetId, call: CallOf) -> Statistics:
    """Count a dataset's records by label, format, rate and sex."""
    return convert.statistics(
        await call.peers.ingest.get_statistics(call.caller, convert.get_statistics(dataset_id)),
    )
