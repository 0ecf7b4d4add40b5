"""Counting and hashing bytes while they pass, and stopping when there are too many."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator

from services.shared.errors import TooLarge


class Hashed:
    """A stream that knows its size and sha256 once it has passed; raises TooLarge beyond the limit."""

    def __init__(self, chunks: AsyncIterator[bytes], *, max_bytes: int, what: str) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._what = what
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """The digest of what has passed, lower-case hexadecimal."""
        return self._digest.hexdigest()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes as they pass."""
        async for chunk in self._chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._max_bytes:
                raise TooLarge(f"{self._what} is larger than {self._max_bytes} bytes, the most that is taken.")
            self._digest.update(chunk)
            yield chunk
