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
from services.ingest.unpacking.bounds import Bounds
from services.ingest.unpacking.names import check_content
from services.ingest.uploading.arrivals import Arrival
from services.ingest.uploading.batch import Batch, Held, Ready
from services.ingest.uploading.folders import Folders, uploaded
from services.ingest.uploading.shelf import Place, Shelf, new_holder
from services.ingest.uploading.spool import Spool
from services.ingest.uploading.unpacking import Tally, unpacked
from services.shared.errors import PlatformError
from services.shared.observability.logs import get_logger

FILES_AT_ONCE: Final = 2
"""Of one upload: while one file is written, the next is decoded."""
_LINES_AHEAD: Final = 64
_PAUSES_SECONDS: Final = (0.5, 2.0, 8.0)
"""How long to wait before what was written for no record is deleted after all."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """What all uploads together may have in memory."""

    files: asyncio.Semaphore
    held: Held
    max_companion_bytes: int
    """What each may hold of files that wait for others."""
    bounds: Bounds
    """What is taken of an archive."""


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
        self._folders = Folders(room.max_companion_bytes)
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
            await _abandon(eraser, holder)
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
                for file in self._folders.rest():
                    await self._start(file, tasks, Tally())
                self._is_complete = True
                self._flush_if_last()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # the others are the cancellations that it caused

    async def _arrived(self, arrival: Arrival, tasks: asyncio.TaskGroup) -> None:
        FILE_BYTES.inc(arrival.size_bytes)
        if arrival.refusal is not None:
            await self._say(_refused(arrival.file_name, arrival.refusal))
        elif arrival.archive is not None:
            await self._unpack(arrival.file_name, arrival.archive, tasks)
        else:
            await self._file_arrived(uploaded(arrival.file_name, arrival.data), tasks)

    async def _file_arrived(self, arrived: UploadedFile, tasks: asyncio.TaskGroup) -> None:
        try:
            check_content(arrived.data)
        except PlatformError as error:
            await self._say(_refused(arrived.full_name, error))
            return
        for file in self._folders.take(arrived):
            await self._start(file, tasks, Tally())

    async def _unpack(self, file_name: str, archive: Spool, tasks: asyncio.TaskGroup) -> None:
        """Begin with every member; the archive's own line comes once all of them have theirs."""
        tally, folders = Tally(), Folders(self._room.max_companion_bytes)
        try:
            async for member in unpacked(archive, file_name, self._room.bounds):
                if member.is_junk:
                    await self._say(ReportLine(member.name, Outcome.LEFT_OUT), tally)
                elif member.refusal is not None:
                    await self._say(_refused(member.name, member.refusal), tally)
                else:
                    for file in folders.take(uploaded(member.name, member.data)):
                        await self._start(file, tasks, tally)
        except PlatformError as error:
            tally.fault = error
        for file in folders.rest():
            await self._start(file, tasks, tally)
        tasks.create_task(self._close_archive(file_name, archive.sha256, tally))

    async def _close_archive(self, file_name: str, sha256: str, tally: Tally) -> None:
        await tally.all_told()
        line = tally.line(file_name)
        if tally.is_settled:
            try:
                await self._shelf.note(self._place, [sha256], sorted(tally.record_ids))
            except PlatformError as error:
                line = _refused(file_name, error)
        await self._say(line)

    async def _start(self, file: UploadedFile, tasks: asyncio.TaskGroup, tally: Tally) -> None:
        """Begin with a file once there is room for it; until then the sender waits."""
        await self._own_room.acquire()
        self._busy += 1
        tally.begin()
        tasks.create_task(self._take(file, tally))

    async def _take(self, file: UploadedFile, tally: Tally) -> None:
        holder, file_name = new_holder(), file.full_name
        companions = tuple(map(file.beside, file.companions))
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
        await self._say(dataclasses.replace(line, instance=instance), tally)
        for name in companions:
            await self._say(ReportLine(name, Outcome.COMPANION), tally)
        tally.end()

    async def _to_shelf(self, file: UploadedFile, holder: str) -> Ready | Record:
        async with self._room.files:
            with IN_FLIGHT.track_inprogress():
                digested = await self._pool.digest(file, self._declaration)
                self._holders.add(holder)
                return await self._shelf.put_original(self._place, file.full_name, digested, holder)

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

    async def _say(self, line: ReportLine, tally: Tally | None = None) -> None:
        if tally is not None:
            tally.note(line)
        FILES.labels(line.outcome.value, line.record.format_name if line.record else "").inc()
        await self._lines.put(line)


def _refused(file_name: str, error: PlatformError) -> ReportLine:
    return ReportLine(file_name, Outcome.REFUSED, error_code=error.code.value, error_detail=error.detail)


async def _abandon(eraser: Eraser, holder: str) -> None:
    """Delete what a file left; where the disk is full or a server is away, try again, then leave it to the sweep."""
    for pause_seconds in _PAUSES_SECONDS:
        try:
            return await eraser.abandon(holder)
        except PlatformError as error:
            _log.warning("abandoning_put_off", holder=holder, code=error.code.value)
        await asyncio.sleep(pause_seconds)
    return None
