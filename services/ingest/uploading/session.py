"""One upload: files in, a report line per file out as soon as its fate is durable."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

from services.ingest.catalog.ledger import Committed
from services.ingest.decoding.assembly import is_warning
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding_pool import DecodingPool
from services.ingest.erasing.eraser import Eraser
from services.ingest.formats.base import UploadedFile
from services.ingest.instances.identity import check
from services.ingest.metrics import FILE_BYTES, FILES, IN_FLIGHT
from services.ingest.records import Instance, Outcome, Record, ReportLine
from services.ingest.uploading.arrivals import Arrival
from services.ingest.uploading.batch import Batch, Held, Ready
from services.ingest.uploading.companions import Companions
from services.ingest.uploading.shelf import Place, Shelf, new_holder
from services.shared.errors import PlatformError

FILES_AT_ONCE: Final = 2
"""Of one upload: while one file is written, the next is decoded."""
_LINES_AHEAD: Final = 64


@dataclass(frozen=True, slots=True)
class Room:
    """What all uploads together may have in memory."""

    files: asyncio.Semaphore
    held: Held
    max_companion_bytes: int
    """What each may hold of files that wait for others."""


class UploadSession:
    """Takes the files of one upload, keeping no more than a few in memory."""

    def __init__(
        self,
        place: Place,
        declaration: Declaration,
        *,
        shelf: Shelf,
        pool: DecodingPool,
        room: Room,
    ) -> None:
        self._place = place
        self._declaration = declaration
        self._shelf = shelf
        self._pool = pool
        self._room = room
        self._companions = Companions(room.max_companion_bytes)
        self._batch = Batch(shelf.flush, room.held, lambda: self._busy > 0)
        self._own_room = asyncio.Semaphore(FILES_AT_ONCE)
        self._lines: asyncio.Queue[ReportLine | None] = asyncio.Queue(_LINES_AHEAD)
        self._holders: set[str] = set()
        self._busy = 0
        self._is_complete = False

    async def report(self, files: AsyncIterator[Arrival]) -> AsyncGenerator[ReportLine, None]:
        """Yield the lines; leaving the iteration cancels what is not durable yet."""
        work = asyncio.create_task(self._work(files))
        try:
            while (line := await self._lines.get()) is not None:
                yield line
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def close(self, eraser: Eraser) -> None:
        """Let a flush come to its end, then delete what was written for files that did not become records."""
        await self._batch.close()
        for holder in [*self._holders]:
            await eraser.abandon(holder)
            self._holders.discard(holder)

    async def _work(self, files: AsyncIterator[Arrival]) -> None:
        try:
            await self._take_all(files)
        except Exception:
            await self._lines.put(None)
            raise
        await self._lines.put(None)

    async def _take_all(self, files: AsyncIterator[Arrival]) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                async for arrival in files:
                    await self._arrived(arrival, tasks)
                for file in self._companions.rest():
                    await self._start(file, tasks)
                self._is_complete = True
                self._flush_if_last()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # the others are the cancellations that it caused

    async def _arrived(self, arrival: Arrival, tasks: asyncio.TaskGroup) -> None:
        FILE_BYTES.inc(len(arrival.data))
        if arrival.refusal is not None:
            await self._say(_refused(arrival.file_name, arrival.refusal))
            return
        for file in self._companions.take(UploadedFile(arrival.file_name, arrival.data)):
            await self._start(file, tasks)

    async def _start(self, file: UploadedFile, tasks: asyncio.TaskGroup) -> None:
        """Begin with a file once there is room for it; until then the sender waits."""
        await self._own_room.acquire()
        self._busy += 1
        tasks.create_task(self._take(file))

    async def _take(self, file: UploadedFile) -> None:
        holder, file_name, companions = new_holder(), file.name, tuple(file.companions)
        instance: Instance | None = None
        try:
            try:
                instance = await self._pool.identify(file)
                check(instance, self._declaration)
                found = await self._to_shelf(file, holder)
            finally:
                del file  # its bytes are on the shelf; what waits for a flush is the signal alone
                self._own_room.release()
                self._busy -= 1
            line = await self._to_record(file_name, found, instance)
            self._holders.discard(holder)
        except PlatformError as error:
            line = _refused(file_name, error)
        self._flush_if_last()
        await self._say(dataclasses.replace(line, instance=instance))
        for name in companions:
            await self._say(ReportLine(name, Outcome.COMPANION))

    async def _to_shelf(self, file: UploadedFile, holder: str) -> Ready | Record:
        async with self._room.files:
            with IN_FLIGHT.track_inprogress():
                digested = await self._pool.digest(file, self._declaration)
                self._holders.add(holder)
                return await self._shelf.put_original(self._place, file.name, digested, holder)

    async def _to_record(self, file_name: str, found: Ready | Record, instance: Instance | None) -> ReportLine:
        if isinstance(found, Record):
            return ReportLine(file_name, Outcome.DUPLICATE, found)
        waiting = asyncio.ensure_future(self._batch.add(dataclasses.replace(found, instance=instance)))
        await asyncio.sleep(0)
        self._flush_if_last()
        committed: Committed = await waiting
        if not committed.is_new:
            return ReportLine(file_name, Outcome.DUPLICATE, committed.record)
        record = committed.record
        warned = is_warning(record.remarks) or (record.quality is not None and record.quality.is_warning)
        return ReportLine(file_name, Outcome.STORED_WITH_WARNINGS if warned else Outcome.STORED, record)

    def _flush_if_last(self) -> None:
        """Keep nobody waiting for more files once all have come."""
        if self._is_complete and self._busy == 0:
            self._batch.flush_now()

    async def _say(self, line: ReportLine) -> None:
        FILES.labels(line.outcome.value, line.record.format_name if line.record else "").inc()
        await self._lines.put(line)


def _refused(file_name: str, error: PlatformError) -> ReportLine:
    return ReportLine(file_name, Outcome.REFUSED, error_code=error.code.value, error_detail=error.detail)
