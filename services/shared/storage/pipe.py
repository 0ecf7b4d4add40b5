"""From an asynchronous stream to a thread that reads a file: bounded, and ended by either side."""

import asyncio
import queue
from typing import Final

_CHUNKS: Final = 8


class SourceFailed(Exception):
    """The stream ended before its end, so what was read of it must not become an object."""


class Pipe:
    """A file-like object that a thread reads while the event loop writes."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(_CHUNKS)
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._parts: list[bytes] = []
        self._held = 0
        self._ended = False

    async def send(self, chunk: bytes, reader: asyncio.Future[None]) -> bool:
        """Hand over one chunk as soon as there is room; False where the reader has ended before."""
        if self._room.locked():
            taking = asyncio.ensure_future(self._room.acquire())
            try:
                await asyncio.wait((taking, reader), return_when=asyncio.FIRST_COMPLETED)
            finally:
                taken = taking.done()
                taking.cancel()
            if not taken:
                return False
        else:
            await self._room.acquire()
        if chunk:
            self._chunks.put(chunk)
        return not reader.done()

    def end(self) -> None:
        """Let the reader see the end of the file."""
        self._chunks.put(b"")

    def fail(self) -> None:
        """Let the reader's next read raise SourceFailed."""
        self._chunks.put(None)

    def read(self, size: int) -> bytes:
        """Return `size` bytes, from the reader's thread; fewer only at the end."""
        while self._held < size and not self._ended:
            chunk = self._chunks.get()
            if chunk is None:
                raise SourceFailed
            self._loop.call_soon_threadsafe(self._room.release)
            self._parts.append(chunk)
            self._held += len(chunk)
            self._ended = not chunk
        data = b"".join(self._parts)
        self._parts = [data[size:]]
        self._held = len(self._parts[0])
        return data[:size]
