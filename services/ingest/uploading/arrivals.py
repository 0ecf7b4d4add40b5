"""Files as they arrive on a stream: a start, chunks and an end each."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from services.ingest.steps import Start, Step
from services.shared.errors import Cancelled, InvalidRequest, PlatformError, TooLarge

MAX_NAME_CHARACTERS: Final = 255
_UNNAMED: Final = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file, complete, or the reason why it is not taken."""

    file_name: str
    data: bytes = b""
    refusal: PlatformError | None = None


async def arrivals(steps: AsyncIterator[Step], *, max_file_bytes: int) -> AsyncIterator[Arrival]:
    """Yield each file once it is complete; of one that is too large no more than the limit is ever held.

    A file that the stream breaks off was cancelled and is forgotten. Raises InvalidRequest where steps lack order.
    """
    current: _Growing | None = None
    async for step in steps:
        if isinstance(step, Start):
            if current is not None:
                yield Arrival(current.file_name, refusal=Cancelled("The file was not sent to its end; send it again."))
            current = _Growing(step.file_name, max_file_bytes)
        elif current is None:
            raise InvalidRequest("Bytes or an end came before the start of a file.")
        elif isinstance(step, bytes):
            current.add(step)
        else:
            yield current.finished()
            current = None


def plain_name(given: str) -> str:
    """Return a file's name without folders; raises InvalidRequest where nothing sensible is left."""
    name = PurePosixPath(given.replace("\\", "/")).name
    if not name or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise InvalidRequest(f"A file's name has 1 to {MAX_NAME_CHARACTERS} printable characters.")
    return name


class _Growing:
    """A file of which some bytes have come."""

    def __init__(self, file_name: str, max_bytes: int) -> None:
        self._refusal: PlatformError | None = None
        try:
            self.file_name = plain_name(file_name)
        except InvalidRequest as error:
            self.file_name, self._refusal = _UNNAMED, error
        self._max_bytes = max_bytes
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._refusal is not None or self._size > self._max_bytes:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def finished(self) -> Arrival:
        if self._refusal is not None:
            return Arrival(self.file_name, refusal=self._refusal)
        if self._size > self._max_bytes:
            limit = f"{self._max_bytes / (1 << 20):g} MiB"
            return Arrival(
                self.file_name, refusal=TooLarge(f"The file is larger than {limit}, the most that is taken.")
            )
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Arrival(self.file_name, data)
