"""Files as they arrive on a stream: a start, chunks and an end each; archives go to a spool, all others to memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from services.ingest.formats.npz import holds_several_ecgs
from services.ingest.steps import Start, Step
from services.ingest.unpacking.members import is_arrays
from services.ingest.uploading.spool import Spool, Spools
from services.shared.errors import Cancelled, InvalidRequest, PlatformError, TooLarge
from services.shared.uploads import HEAD_BYTES, archive_kind, checked_name

_UNNAMED: Final = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file, complete, or the reason why it is not taken."""

    file_name: str
    data: bytes = b""
    archive: Spool | None = None
    """The file's bytes instead, where it is an archive; closed as soon as the next file is asked for."""
    refusal: PlatformError | None = None

    @property
    def size_bytes(self) -> int:
        """How much was taken of it."""
        return len(self.data) if self.archive is None else self.archive.size_bytes


async def arrivals(steps: AsyncIterator[Step], *, max_file_bytes: int, spools: Spools) -> AsyncGenerator[Arrival]:
    """Yield each file once it is complete; of one that is too large no more than the limit is ever held.

    A file that the stream breaks off was cancelled and is forgotten. Raises InvalidRequest where steps lack order.
    """
    current: _Growing | None = None
    try:
        async for step in steps:
            if isinstance(step, Start):
                if current is not None:
                    current.close()
                    refusal = Cancelled("The file was not sent to its end; send it again.")
                    yield Arrival(current.file_name, refusal=refusal)
                current = _Growing(step.file_name, max_file_bytes, spools)
            elif current is None:
                raise InvalidRequest("Bytes or an end came before the start of a file.")
            elif isinstance(step, bytes):
                await current.add(step)
            else:
                yield await current.finished()
                current.close()
                current = None
    finally:
        if current is not None:
            current.close()


class _Growing:
    """A file of which some bytes have come."""

    def __init__(self, file_name: str, max_bytes: int, spools: Spools) -> None:
        self._refusal: PlatformError | None = None
        try:
            self.file_name = checked_name(file_name)
        except InvalidRequest as error:
            self.file_name, self._refusal = _UNNAMED, error
        self._max_bytes = max_bytes
        self._spools = spools
        self._spool: Spool | None = None
        self._chunks: list[bytes] = []
        self._size = 0

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._refusal is not None:
            return
        starts = self._size < HEAD_BYTES
        self._size += len(chunk)
        try:
            if self._spool is not None:
                await self._spool.write(chunk)
            else:
                self._chunks.append(chunk)
                if starts:
                    await self._look()
                if self._spool is None:
                    self._check_size()
        except PlatformError as error:
            self._refusal = error
            self.close()

    async def finished(self) -> Arrival:
        """Return the file."""
        if self._refusal is not None:
            return Arrival(self.file_name, refusal=self._refusal)
        if self._spool is not None:
            return await self._of(self._spool)
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Arrival(self.file_name, data)

    def close(self) -> None:
        """Let go of what came."""
        self._chunks.clear()
        if self._spool is not None:
            self._spool.close()

    async def _look(self) -> None:
        """Move what came to a spool once it turns out to be an archive."""
        head = b"".join(self._chunks)
        if archive_kind(head) is not None:
            self._spool = self._spools.open()
            self._chunks.clear()
            await self._spool.write(head)

    async def _of(self, spool: Spool) -> Arrival:
        if await asyncio.to_thread(_is_archive, spool.file, self.file_name):
            return Arrival(self.file_name, archive=spool)
        try:
            self._check_size()
        except TooLarge as error:
            return Arrival(self.file_name, refusal=error)
        return Arrival(self.file_name, await asyncio.to_thread(spool.read))

    def _check_size(self) -> None:
        if self._size > self._max_bytes:
            limit = f"{self._max_bytes / (1 << 20):g} MiB"
            raise TooLarge(f"The file is larger than {limit}, the most that is taken.")


def _is_archive(file: BinaryIO, file_name: str) -> bool:
    """Say whether the files of an archive are ECGs of their own, as those of an NPZ are where each is one."""
    return not is_arrays(file, file_name) or holds_several_ecgs(file)
