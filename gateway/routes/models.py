"""The model store."""

from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from gateway import downloads, uploads
from gateway.call import CallOf
from gateway.convert import models as convert
from gateway.forms import Form
from gateway.routes import API_PREFIX, router
from gateway.schemas.models import Model, ModelPage, ReportFormat, ReportKind
from gateway.schemas.paging import Cursor, Limit, ModelName, ModelVersion
from gateway.schemas.problems import problems
from gateway.schemas.uploads import ModelDescription, form
from services.shared.errors import NotFound

routes = router("Models")

_FORM: Final = {"multipart/form-data": {"schema": form(ModelDescription, "file")}}
_ONNX: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The ONNX file.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        },
    }
}
_MANIFEST: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The manifest.",
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"name": "stroke-screen"}}},
    }
}
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The report.",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": {"validation": {"f1_macro": 0.81}}},
            "text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"},
        },
    }
}


@routes.post(
    "/models",
    status_code=201,
    summary="Import a model",
    responses=problems(409, 413, 422, 507),
    openapi_extra={"requestBody": {"required": True, "content": _FORM}},
)
async def import_model(request: Request, call: CallOf, response: Response) -> Model:
    """Take an ONNX file from outside as a new version of the department's; the fields come before the file."""
    opened = await Form.open(request, call.limits)
    onnx = opened.single_file(call.limits.max_model_bytes)
    steps = uploads.import_steps(opened.read(ModelDescription), onnx)
    model = convert.imported(await call.peers.exchange.import_model(call.caller, steps))
    response.headers["Location"] = f"{API_PREFIX}/models/{model.name}/{model.version}"
    return model


@routes.get("/models", summary="List models", responses=problems())
async def list_models(call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> ModelPage:
    """List the versions of every model that the caller can see, newest first."""
    return convert.page(await call.peers.exchange.list_models(call.caller, convert.listing("", limit, cursor)))


@routes.get("/models/{name}", summary="List a model's versions", responses=problems(404))
async def list_model_versions(name: ModelName, call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> ModelPage:
    """List the versions of one model that the caller can see, newest first."""
    page = convert.page(await call.peers.exchange.list_models(call.caller, convert.listing(name, limit, cursor)))
    if not (page.items or cursor):
        raise NotFound(f"There is no model {name!r}.")
    return page


@routes.get("/models/{name}/{version}", summary="Return a version", responses=problems(404))
async def get_model(name: ModelName, version: ModelVersion, call: CallOf) -> Model:
    """Return one version with its manifest and the sha256 of every file."""
    return convert.model((await call.peers.exchange.get_model(call.caller, convert.get(name, version))).model)


@routes.get(
    "/models/{name}/{version}/onnx",
    summary="Download a model",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_ONNX, **problems(404)},
)
async def get_model_onnx(name: ModelName, version: ModelVersion, call: CallOf) -> Any:
    """Stream a version's ONNX file."""
    wanted = convert.fetch(name, version, "model.onnx")
    return await downloads.respond(call.peers.exchange.fetch_file(call.caller, wanted))


@routes.get(
    "/models/{name}/{version}/manifest",
    summary="Return a manifest",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_MANIFEST, **problems(404)},
)
async def get_model_manifest(name: ModelName, version: ModelVersion, call: CallOf) -> Any:
    """Return a version's manifest, byte for byte as it is stored."""
    wanted = convert.fetch(name, version, "manifest.json")
    return await downloads.respond(call.peers.exchange.fetch_file(call.caller, wanted), attachment=False)


@routes.get(
    "/models/{name}/{version}/report",
    summary="Return a model's report",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_REPORT, **problems(404)},
)
async def get_model_report(
    name: ModelName, version: ModelVersion, call: CallOf, kind: ReportKind = ReportFormat.JSON
) -> Any:
    """Return the report of the training that made a version; imported models have none."""
    wanted = convert.fetch(name, version, f"report.{kind}")
    return await downloads.respond(call.peers.exchange.fetch_file(call.caller, wanted), attachment=False)


@routes.post("/models/{name}/{version}/publish", summary="Publish a version", responses=problems(404, 409))
async def publish_model(name: ModelName, version: ModelVersion, call: CallOf) -> Model:
    """Show a version of the department's to every department of the site."""
    answer = await call.peers.exchange.publish_model(call.caller, convert.publish(name, version))
    return convert.model(answer.model)
