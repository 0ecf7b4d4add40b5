"""ErrorCode on HTTP: the total table of statuses, and every failure as problem+json; text for callers only."""

import uuid
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from gateway.schemas.problems import PROBLEM_JSON
from services.shared.errors import ErrorCode, Internal, InvalidRequest, PlatformError, RateLimited
from services.shared.observability.logs import get_logger
from services.shared.rpc.errors import INTERNAL_TEXT

STATUS_OF: Final[dict[ErrorCode, int]] = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNREADABLE_FILE: 422,
    ErrorCode.INVALID_MODEL: 422,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.ALREADY_EXISTS: 409,
    ErrorCode.CONFLICT: 409,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.STORAGE_FULL: 507,
    ErrorCode.CANCELLED: 499,
    ErrorCode.DEADLINE_EXCEEDED: 504,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}

TITLE_OF: Final[dict[ErrorCode, str]] = {
    ErrorCode.INVALID_REQUEST: "Invalid request",
    ErrorCode.UNREADABLE_FILE: "Unreadable file",
    ErrorCode.INVALID_MODEL: "Invalid model",
    ErrorCode.TOO_LARGE: "Too large",
    ErrorCode.NOT_FOUND: "Not found",
    ErrorCode.ALREADY_EXISTS: "Already exists",
    ErrorCode.CONFLICT: "Conflict",
    ErrorCode.UNAUTHENTICATED: "Not authenticated",
    ErrorCode.FORBIDDEN: "Forbidden",
    ErrorCode.RATE_LIMITED: "Too many calls",
    ErrorCode.STORAGE_FULL: "Storage full",
    ErrorCode.CANCELLED: "Cancelled",
    ErrorCode.DEADLINE_EXCEEDED: "Timed out",
    ErrorCode.UNAVAILABLE: "Unavailable",
    ErrorCode.INTERNAL: "Internal error",
}

HEADERS_OF: Final[dict[ErrorCode, dict[str, str]]] = {
    ErrorCode.UNAUTHENTICATED: {"WWW-Authenticate": "Bearer"},
    ErrorCode.RATE_LIMITED: {"Retry-After": "1"},
    ErrorCode.UNAVAILABLE: {"Retry-After": "2"},
}

_CODE_OF_HTTP: Final = {404: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_LARGE}
_TEXT_OF_HTTP: Final = {
    400: "The body cannot be read: send a JSON object in UTF-8, nested no deeper than the contract.",
    404: "There is nothing at this path. The paths are listed at /docs.",
    405: "This path does not take that method. The methods are listed at /docs.",
}
_MAX_FAULTS: Final = 5
OPEN_INFERENCE_PATH: Final = "/v2"

_log = get_logger(__name__)


def problem(error: BaseException, path: str) -> dict[str, object]:
    """Return any failure as a problem document; a fault of the platform gets a constant text and a logged id."""
    if isinstance(error, PlatformError) and not isinstance(error, Internal):
        return _document(error.code, error.detail, path)
    error_id = _confess(error, path)
    return {**_document(ErrorCode.INTERNAL, INTERNAL_TEXT + error_id, path), "error_id": error_id}


def respond(error: BaseException, path: str) -> JSONResponse:
    """Return the response to any failure; under /v2 in the shape that Open Inference clients expect."""
    document = problem(error, path)
    headers = dict(HEADERS_OF.get(ErrorCode(str(document["code"])), {}))
    if isinstance(error, RateLimited) and (seconds := getattr(error, "retry_seconds", None)) is not None:
        headers["Retry-After"] = str(seconds)
    return _response(document, headers)


def invalid(faults: list[ErrorDetails]) -> InvalidRequest:
    """Return the error that says, in one sentence, where a request does not fit its schema; values are not repeated."""
    told = "; ".join(map(_told, faults[:_MAX_FAULTS]))
    more = f" and {len(faults) - _MAX_FAULTS} more" if len(faults) > _MAX_FAULTS else ""
    return InvalidRequest(f"The request does not fit the contract: {told}{more}.")


def _told(fault: ErrorDetails) -> str:
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "json_invalid":
        return f"body: it is not JSON ({fault.get('ctx', {}).get('error', 'it ends early')})"
    if fault["type"] == "model_attributes_type":
        return f"{place}: a JSON object is expected, with Content-Type application/json"
    return f"{place}: {fault['msg'].removeprefix('Value error, ').rstrip('.')}".removeprefix(": ")


def install(app: FastAPI) -> None:
    """Have the application answer every failure as a problem."""

    async def platform(request: Request, error: Exception) -> JSONResponse:
        return respond(error, request.url.path)

    async def validation(request: Request, error: Exception) -> JSONResponse:
        faults = error.errors() if isinstance(error, RequestValidationError | ValidationError) else []
        return respond(invalid(list(faults)), request.url.path)

    async def http(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            return respond(error, request.url.path)
        code = _CODE_OF_HTTP.get(error.status_code, ErrorCode.INVALID_REQUEST)
        text = _TEXT_OF_HTTP.get(error.status_code, error.detail)
        document = {**_document(code, text, request.url.path), "status": error.status_code}
        return _response(document, dict(error.headers or {}))

    app.add_exception_handler(PlatformError, platform)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)


def _document(code: ErrorCode, detail: str, path: str) -> dict[str, object]:
    named = {"type": f"/docs#{code}", "title": TITLE_OF[code], "status": STATUS_OF[code]}
    return {**named, "detail": detail, "code": code.value, "instance": path}


def _response(document: dict[str, object], headers: dict[str, str]) -> JSONResponse:
    path, status = str(document["instance"]), int(str(document["status"]))
    if path == OPEN_INFERENCE_PATH or path.startswith(OPEN_INFERENCE_PATH + "/"):
        return JSONResponse({"error": document["detail"]}, status, headers)
    return JSONResponse(document, status, headers, media_type=PROBLEM_JSON)


def _confess(error: BaseException, path: str) -> str:
    if isinstance(error, Internal) and error.detail.startswith(INTERNAL_TEXT):
        # A service has logged it already, under this id.
        return error.detail.removeprefix(INTERNAL_TEXT)
    error_id = uuid.uuid4().hex
    _log.error("request_failed", path=path, error_id=error_id, exc_info=error)
    return error_id
