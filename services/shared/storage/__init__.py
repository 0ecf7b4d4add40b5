"""The object store port: immutable bytes under keys, in a folder or in S3.

Keys are `/`-separated segments of letters, digits, `.`, `_`, `-`, `=`; adapters refuse every other key. No key is the
folder of another (`a` beside `a/b` is a Conflict in a folder and in some S3 stores). Writes are atomic: an object is
either whole or absent. Each adapter lives in a file beside this one and passes the same contract suite.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from services.shared.errors import InvalidRequest

_KEY = re.compile(r"(?!.*(?:^|/)\.)[A-Za-z0-9._=-]+(?:/[A-Za-z0-9._=-]+)*")
MAX_KEY_BYTES = 900


def check_key(key: str) -> str:
    """Return the key, or raise InvalidRequest where it could leave the store or collide in it."""
    if len(key) > MAX_KEY_BYTES or not _KEY.fullmatch(key):
        raise InvalidRequest(f"{key[:80]!r} is not a valid object key.")
    return key


def check_prefix(prefix: str) -> str:
    """Return the beginning of a key, which may be empty, end within a segment or with `/`; or raise InvalidRequest."""
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def check_range(start: int, length: int) -> None:
    """Raise InvalidRequest where a range could not be one of any object."""
    if start < 0 or length < 0:
        raise InvalidRequest(f"A range starts at 0 or later and is not negative, unlike {start} + {length} bytes.")


@dataclass(frozen=True, slots=True, order=True)
class ObjectInfo:
    """What the store knows of one object without reading it."""

    key: str
    size_bytes: int


class ObjectStore(Protocol):
    """Immutable bytes under keys.

    Every method may raise Unavailable (the store does not answer); reads raise NotFound, writes StorageFull.
    """

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = False) -> ObjectInfo:
        """Write one object atomically, from memory or from a stream whose size is not known.

        With if_absent, raises AlreadyExists where the key is taken. Nothing may rest on that alone: some S3 servers
        ignore it.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Read one object whole; for objects whose size is bounded by their kind."""
        ...

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Read exactly `length` bytes from `start`; raises InvalidRequest where the object is shorter."""
        ...

    def stream(self, key: str, chunk_bytes: int = 1 << 20) -> AsyncIterator[bytes]:
        """Read one object in chunks of at most `chunk_bytes`; memory stays flat."""
        ...

    async def stat(self, key: str) -> ObjectInfo:
        """Say how large one object is."""
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """List every object whose key starts with `prefix`, in key order."""
        ...

    async def delete(self, key: str) -> None:
        """Delete one object; an absent one is no error."""
        ...

    async def ping(self) -> None:
        """Return if the store answers and knows its caller; raise Unavailable if not."""
        ...

    async def close(self) -> None:
        """Release connections and threads."""
        ...
