"""What the errors of the drivers mean."""

import contextlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.shared.errors import InvalidRequest, PlatformError, StorageFull, Unavailable

# https://sqlite.org/rescode.html and https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLITE_FULL: Final = 13
_SQLITE_UNAVAILABLE: Final = {5, 6, 10, 11, 14, 26}
"""Busy, locked, input/output error, corrupt, cannot open, not a database."""
_POSTGRES_FULL: Final = "53100"
_POSTGRES_NO_TEXT: Final = "22021"
"""PostgreSQL keeps no NUL in a text, wherever in a request it came from."""
_POSTGRES_UNAVAILABLE: Final = ("08", "40", "53", "57", "58")
"""Connection, rolled back for another transaction, resources, operator intervention, system."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn a database that fails into Unavailable or StorageFull; a statement that is wrong stays what it is.

    Text that no database keeps is InvalidRequest.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("The database is busy; try again later.") from error
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


@contextlib.contextmanager
def connecting() -> Iterator[None]:
    """Turn whatever keeps a transaction from beginning into Unavailable or StorageFull."""
    try:
        with translated():
            yield
    except PlatformError:
        raise
    except Exception as error:
        # No statement ran yet, and each driver has classes of its own for what can go wrong here.
        raise Unavailable("The database does not answer; try again later.") from error


def _meaning(error: DBAPIError) -> PlatformError | None:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if state == _POSTGRES_FULL or code == _SQLITE_FULL:
        return StorageFull("The disk of the database is full; free some space and try again.")
    if state == _POSTGRES_NO_TEXT:
        return InvalidRequest("A text of the request holds a character that cannot be kept, such as NUL; remove it.")
    if error.connection_invalidated or code in _SQLITE_UNAVAILABLE or state.startswith(_POSTGRES_UNAVAILABLE):
        return Unavailable("The database does not answer, or has too much to do; try again later.")
    return None
