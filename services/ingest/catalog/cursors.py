"""Opaque cursors: where a list goes on, told in a way that callers do not build on."""

import base64
import binascii
from typing import Final

from services.shared.errors import InvalidRequest

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
_MARK: Final = b"i1:"


def encode(seq: int) -> str:
    """Return the cursor of what comes after a row."""
    return base64.urlsafe_b64encode(_MARK + str(seq).encode()).decode().rstrip("=")


def decode(cursor: str) -> int | None:
    """Return the row a cursor comes after, None for the empty one; raises InvalidRequest where it is not ours."""
    if not cursor:
        return None
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if plain.startswith(_MARK):
            return int(plain.removeprefix(_MARK))
    except (binascii.Error, ValueError):
        pass
    raise InvalidRequest("The cursor is not one of this list; pass next_cursor of the page before, or none to begin.")


def limit_of(wanted: int) -> int:
    """Return how many items a page has; raises InvalidRequest where too many are wanted."""
    if wanted > MAX_LIMIT:
        raise InvalidRequest(f"A page has at most {MAX_LIMIT} items; {wanted} were asked for.")
    return wanted or DEFAULT_LIMIT
