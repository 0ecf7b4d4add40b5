"""Files on their way to ingest, kept until they are reported, so that another replica can take over an upload.

What ingest stored before it was lost, but could not tell any more, is told as a duplicate when it comes again.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from gateway.forms import FilePart
from gateway.multipart import Chunk, FileEnd, FileStart

KEPT_BYTES: Final = 4 << 20
"""What one upload may hold of files that were sent and are not reported; usually they are a few."""


class _File:
    """A file that was sent, wholly or in part."""

    def __init__(self, start: FileStart) -> None:
        self.name = start.file_name
        self.parts: list[FilePart] = [start]
        self.size = 0
        self.is_kept = True

    def drop(self) -> int:
        """Forget what the file holds, and return how much that was."""
        freed, self.size = self.size, 0
        self.parts, self.is_kept = [], False
        return freed


class Resending:
    """The parts of an upload, for one attempt to send them after the other."""

    def __init__(self, parts: AsyncGenerator[FilePart]) -> None:
        self._parts = parts
        self._held = 0
        self._unreported: list[_File] = []
        self._open: _File | None = None
        """The file of which parts still come."""
        self._next: asyncio.Future[FilePart | None] | None = None
        self._attempt = 0
        self._skips = False

    async def attempt(self) -> AsyncGenerator[FilePart]:
        """Yield what was sent, is not reported and is still kept, then what comes; an earlier attempt is over."""
        self._attempt += 1
        mine = self._attempt
        self._skips = self._open is not None and not self._open.is_kept
        for sent in [part for file in self._unreported for part in file.parts]:
            yield sent
        while mine == self._attempt and (part := await self._coming(mine)) is not None:
            yield part

    def settle(self, file_name: str) -> None:
        """Forget a file, for it has its line."""
        for file in self._unreported:
            if file.name == file_name:
                self._held -= file.drop()
                self._unreported.remove(file)
                return

    def take_lost(self) -> list[str]:
        """Return the files whose fate nobody can tell, and forget them: they were sent, and are not kept."""
        lost = [file for file in self._unreported if not file.is_kept]
        self._unreported = [file for file in self._unreported if file.is_kept]
        return [file.name for file in lost]

    async def close(self) -> None:
        """Read no further."""
        self._attempt += 1
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
        await self._parts.aclose()

    async def _coming(self, attempt: int) -> FilePart | None:
        """Return the next part of a file that this attempt has from its beginning, or None where it is over."""
        while True:
            if self._next is None:
                self._next = asyncio.ensure_future(anext(self._parts, None))
            # An attempt that is over may still wait here, and must take nothing with it.
            part = await asyncio.shield(self._next)
            if part is None or attempt != self._attempt:
                return None
            self._next = None
            self._note(part)
            if not self._skips:
                return part

    def _note(self, part: FilePart) -> None:
        if isinstance(part, FileStart):
            self._skips = False
            self._open = _File(part)
            self._unreported.append(self._open)
            return
        if self._open is not None and self._open.is_kept:
            self._open.parts.append(part)
            if isinstance(part, Chunk):
                self._hold(self._open, len(part.data))
        if isinstance(part, FileEnd):
            self._open = None

    def _hold(self, file: _File, size: int) -> None:
        file.size += size
        self._held += size
        for oldest in self._unreported:
            if self._held <= KEPT_BYTES:
                return
            self._held -= oldest.drop()
