"""How every error looks: application/problem+json (RFC 9457)."""

from typing import Any, Final

from pydantic import Field

from gateway.schemas import Schema
from services.shared.errors import ErrorCode

PROBLEM_JSON: Final = "application/problem+json"


class Problem(Schema):
    """What went wrong, what was expected and what to do."""

    type: str = Field(description="Where the kind of problem is described.", examples=["/docs#NOT_FOUND"])
    title: str = Field(description="The kind of problem in words.", examples=["Not found"])
    status: int = Field(description="The HTTP status, repeated.", examples=[404])
    detail: str = Field(examples=["There is no record 'r-7'."])
    code: ErrorCode = Field(description="The stable, machine-readable name of the kind.", examples=["NOT_FOUND"])
    instance: str = Field(description="The path that was called.", examples=["/api/v1/records/r-7"])
    error_id: str | None = Field(default=None, description="Of a fault of the platform: quote it to your operators.")


class FileProblem(Schema):
    """Why one file or one record of many was refused."""

    code: ErrorCode
    detail: str


EXAMPLES: Final[dict[int, tuple[ErrorCode, str, str]]] = {
    400: (ErrorCode.INVALID_REQUEST, "Invalid request", "The request does not fit the contract: name: Field required."),
    401: (ErrorCode.UNAUTHENTICATED, "Not authenticated", "The call brings no API key."),
    403: (ErrorCode.FORBIDDEN, "Forbidden", "This call needs the role 'admin'."),
    404: (ErrorCode.NOT_FOUND, "Not found", "There is no dataset 'd-7'."),
    409: (ErrorCode.ALREADY_EXISTS, "Already exists", "There is a dataset named 'stroke unit 2024' already."),
    413: (ErrorCode.TOO_LARGE, "Too large", "The body is larger than 33554432 bytes."),
    422: (
        ErrorCode.UNREADABLE_FILE,
        "Unreadable file",
        "The file is not an ECG: no known format fits.",
    ),
    429: (ErrorCode.RATE_LIMITED, "Too many calls", "More than 200 calls a second. Try again in 1 s."),
    500: (ErrorCode.INTERNAL, "Internal error", "An internal error occurred. Quote the error id to your operators."),
    503: (ErrorCode.UNAVAILABLE, "Unavailable", "A service of the platform does not answer. Try again in a moment."),
    504: (ErrorCode.DEADLINE_EXCEEDED, "Timed out", "The call took longer than it was given."),
    507: (ErrorCode.STORAGE_FULL, "Storage full", "The object store takes no more. Ask your operators for space."),
}
"""One example per status: code, title, detail."""

ALWAYS: Final = (400, 401, 403, 429, 500, 503, 504)
"""What every call under /api/v1 can answer."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of the given error statuses and of those that every call can answer."""
    return {status: _response(status) for status in sorted({*statuses, *ALWAYS})}


def _response(status: int) -> dict[str, Any]:
    code, title, detail = EXAMPLES[status]
    example = {"type": f"/docs#{code}", "title": title, "status": status, "detail": detail, "code": code.value}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": {**example, "instance": "/api/v1/…"}}
    return {"description": title, "content": {PROBLEM_JSON: content}}
