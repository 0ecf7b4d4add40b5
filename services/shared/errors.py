"""Everything that can go wrong on purpose: one tree, one code enum.

* PlatformError
  + InvalidRequest        the request contradicts itself or the contract
    - UnreadableFile      a file is not an ECG that this platform can read
    - InvalidModel        a file is not a model that this platform can run
  + TooLarge              a declared limit is exceeded
  + NotFound              no such thing, or not the caller's
  + AlreadyExists         the name or version is taken
  + Conflict              the thing is in a state that forbids the call
  + Unauthenticated       no valid credentials
  + Forbidden             valid credentials, not enough rights
  + RateLimited           too many calls; try later
  + StorageFull           the object store or disk takes no more
  + Cancelled             the caller went away
  + DeadlineExceeded      the time given was not enough
  + Unavailable           a dependency does not answer; try later
  + Internal              our fault; the detail never leaves the platform

`detail` is written for callers: it names what is wrong, what was expected and what to do. Transports map the code with
one total table each (`rpc/errors.py`, `gateway/errors.py`); what is not a PlatformError becomes Internal.
"""

from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The stable name of a kind of failure, the same on every transport."""

    INVALID_REQUEST = "INVALID_REQUEST"
    UNREADABLE_FILE = "UNREADABLE_FILE"
    INVALID_MODEL = "INVALID_MODEL"
    TOO_LARGE = "TOO_LARGE"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    CONFLICT = "CONFLICT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    STORAGE_FULL = "STORAGE_FULL"
    CANCELLED = "CANCELLED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class PlatformError(Exception):
    """A failure whose text was written for the caller."""

    code: ClassVar[ErrorCode]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequest(PlatformError):
    """The request contradicts itself or the contract."""

    code = ErrorCode.INVALID_REQUEST


class UnreadableFile(InvalidRequest):
    """A file is not an ECG that this platform can read."""

    code = ErrorCode.UNREADABLE_FILE


class InvalidModel(InvalidRequest):
    """A file is not a model that this platform can run."""

    code = ErrorCode.INVALID_MODEL


class TooLarge(PlatformError):
    """A declared limit is exceeded."""

    code = ErrorCode.TOO_LARGE


class NotFound(PlatformError):
    """There is no such thing, or it is not the caller's."""

    code = ErrorCode.NOT_FOUND


class AlreadyExists(PlatformError):
    """The name or version is taken."""

    code = ErrorCode.ALREADY_EXISTS


class Conflict(PlatformError):
    """The thing is in a state that forbids the call."""

    code = ErrorCode.CONFLICT


class Unauthenticated(PlatformError):
    """No valid credentials came with the call."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(PlatformError):
    """The credentials are valid but do not allow the call."""

    code = ErrorCode.FORBIDDEN


class RateLimited(PlatformError):
    """The caller calls too often and may try later."""

    code = ErrorCode.RATE_LIMITED


class StorageFull(PlatformError):
    """The object store or disk takes no more."""

    code = ErrorCode.STORAGE_FULL


class Cancelled(PlatformError):
    """The caller went away before the answer."""

    code = ErrorCode.CANCELLED


class DeadlineExceeded(PlatformError):
    """The time given for the call was not enough."""

    code = ErrorCode.DEADLINE_EXCEEDED


class Unavailable(PlatformError):
    """A dependency does not answer; the call may be tried later."""

    code = ErrorCode.UNAVAILABLE


class Internal(PlatformError):
    """A fault of the platform itself; its detail never leaves it."""

    code = ErrorCode.INTERNAL


ERROR_OF: dict[ErrorCode, type[PlatformError]] = {
    error.code: error
    for error in (
        InvalidRequest,
        UnreadableFile,
        InvalidModel,
        TooLarge,
        NotFound,
        AlreadyExists,
        Conflict,
        Unauthenticated,
        Forbidden,
        RateLimited,
        StorageFull,
        Cancelled,
        DeadlineExceeded,
        Unavailable,
        Internal,
    )
}
"""The class of every code, for clients that rebuild an error from the wire."""
