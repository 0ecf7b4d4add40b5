"""ErrorCode on gRPC: the total table of statuses, and the error's way over the wire and back."""

from typing import Final

import grpc

from services.shared.errors import ERROR_OF, ErrorCode, Internal, PlatformError

CODE_KEY: Final = "einthoven-error-code"
ID_KEY: Final = "einthoven-error-id"
INTERNAL_TEXT: Final = "An internal error occurred. Quote this id to your operators: "
MAX_DETAIL_CHARS: Final = 2000
"""gRPC carries the detail in a header, and peers cap headers at 8 KiB."""

STATUS_OF: Final[dict[ErrorCode, grpc.StatusCode]] = {
    ErrorCode.INVALID_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorCode.UNREADABLE_FILE: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorCode.INVALID_MODEL: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorCode.TOO_LARGE: grpc.StatusCode.OUT_OF_RANGE,
    ErrorCode.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    ErrorCode.ALREADY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    ErrorCode.CONFLICT: grpc.StatusCode.FAILED_PRECONDITION,
    ErrorCode.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    ErrorCode.RATE_LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.STORAGE_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.CANCELLED: grpc.StatusCode.CANCELLED,
    ErrorCode.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorCode.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorCode.INTERNAL: grpc.StatusCode.INTERNAL,
}

_CODE_OF_BARE_STATUS: Final = {
    grpc.StatusCode.CANCELLED: ErrorCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED: ErrorCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE: ErrorCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ErrorCode.TOO_LARGE,
}
"""What gRPC itself says without our trailer; everything else of that kind is a fault of ours."""

_TEXT_OF_BARE_STATUS: Final = {
    ErrorCode.CANCELLED: "The call was cancelled.",
    ErrorCode.DEADLINE_EXCEEDED: "The call took longer than it was given. Try again, or ask for less at once.",
    ErrorCode.UNAVAILABLE: "A service of the platform does not answer. Try again in a moment.",
    ErrorCode.TOO_LARGE: "A message is larger than the platform accepts. Ask for less at once.",
}


def trailers(code: ErrorCode, error_id: str = "") -> tuple[tuple[str, str], ...]:
    """Return the trailing metadata that carries an error's exact code, and its id where it is ours."""
    return ((CODE_KEY, code.value), *(((ID_KEY, error_id),) if error_id else ()))


def from_wire(error: grpc.aio.AioRpcError) -> PlatformError:
    """Rebuild the error that the other side raised; raises nothing."""
    metadata = {key: value for key, value in (error.trailing_metadata() or ()) if isinstance(value, str)}
    named = metadata.get(CODE_KEY, "")
    if named in ErrorCode.__members__:
        return ERROR_OF[ErrorCode(named)](error.details() or "")
    code = _CODE_OF_BARE_STATUS.get(error.code())
    if code is None:
        return Internal(f"gRPC status {error.code().name}: {error.details()}")
    return ERROR_OF[code](_TEXT_OF_BARE_STATUS[code])
