"""The Open Inference Protocol, version 2: Triton's and KServe's clients work unchanged."""

from typing import Any, Final

from fastapi import Request, Response

from gateway import oip
from gateway.call import CallOf
from gateway.convert import oip as convert
from gateway.release import release
from gateway.routes import router
from gateway.schemas.oip import (
    InferResponse,
    ModelMetadata,
    ModelReady,
    OipError,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from gateway.schemas.paging import ModelName, ModelVersion

routes = router("Open Inference Protocol", prefix="/v2")

_INFER: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/InferRequest"}},
            "application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}},
        },
    }
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": OipError, "description": "What went wrong."} for status in statuses}


_ALWAYS: Final = (400, 401, 403, 429, 500, 503, 504)


@routes.get("", summary="Describe the server", responses=_errors(401, 403, 429, 500))
async def oip_server() -> ServerMetadata:
    """Say who answers, and which extensions it knows."""
    return ServerMetadata(name="einthoven", version=release(), extensions=oip.EXTENSIONS)


@routes.get("/health/live", summary="Is the server alive?", responses=_errors(500))
async def oip_live() -> ServerLive:
    """Answer, if the process is alive."""
    return ServerLive(live=True)


@routes.get(
    "/health/ready",
    summary="Is the server ready?",
    responses={503: {"model": ServerReady, "description": "Inference does not answer."}, **_errors(500)},
)
async def oip_ready(request: Request, response: Response) -> ServerReady:
    """Say whether inference answers."""
    ready = (await request.app.state.peers.answering())["inference"]
    response.status_code = 200 if ready else 503
    return ServerReady(ready=ready)


@routes.get("/models/{name}", summary="Describe a model", responses=_errors(404, 422, *_ALWAYS))
async def oip_model(name: ModelName, call: CallOf) -> ModelMetadata:
    """Say what the newest version of a model takes and gives."""
    return convert.metadata(await call.peers.inference.describe_model(call.caller, convert.describe(name, "")))


@routes.get("/models/{name}/versions/{version}", summary="Describe a version", responses=_errors(404, 422, *_ALWAYS))
async def oip_model_version(name: ModelName, version: ModelVersion, call: CallOf) -> ModelMetadata:
    """Say what one version of a model takes and gives."""
    return convert.metadata(await call.peers.inference.describe_model(call.caller, convert.describe(name, version)))


@routes.get("/models/{name}/ready", summary="Is a model ready?", responses=_errors(404, 422, *_ALWAYS))
async def oip_model_ready(name: ModelName, call: CallOf) -> ModelReady:
    """Load the newest version of a model if need be, and say whether it can be asked."""
    return await _ready(name, "", call)


@routes.get(
    "/models/{name}/versions/{version}/ready",
    summary="Is a version ready?",
    responses=_errors(404, 422, *_ALWAYS),
)
async def oip_model_version_ready(name: ModelName, version: ModelVersion, call: CallOf) -> ModelReady:
    """Load one version of a model if need be, and say whether it can be asked."""
    return await _ready(name, version, call)


@routes.post(
    "/models/{name}/infer",
    summary="Infer",
    response_model=InferResponse,
    responses=_errors(404, 413, 422, *_ALWAYS),
    openapi_extra=_INFER,
)
async def oip_infer(name: ModelName, request: Request, call: CallOf) -> Any:
    """Run the newest version of a model on prepared tensors."""
    return await _infer(name, "", request, call)


@routes.post(
    "/models/{name}/versions/{version}/infer",
    summary="Infer with a version",
    response_model=InferResponse,
    responses=_errors(404, 413, 422, *_ALWAYS),
    openapi_extra=_INFER,
)
async def oip_infer_version(name: ModelName, version: ModelVersion, request: Request, call: CallOf) -> Any:
    """Run one version of a model on prepared tensors."""
    return await _infer(name, version, request, call)


async def _ready(name: str, version: str, call: CallOf) -> ModelReady:
    await call.peers.inference.describe_model(call.caller, convert.describe(name, version))
    return ModelReady(name=name, ready=True)


async def _infer(name: str, version: str, request: Request, call: CallOf) -> Response:
    asked, tensors = await oip.read(request)
    answer = await call.peers.inference.infer(call.caller, convert.infer(name, version, tensors))
    return oip.respond(asked, convert.outputs(answer))
