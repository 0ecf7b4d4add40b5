"""Uploads of every department: their sessions, what they may hold together, and decoding without storing."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding_pool import DecodingPool
from services.ingest.erasing.eraser import Eraser
from services.ingest.formats.base import UploadedFile
from services.ingest.records import ReadFile, ReportLine
from services.ingest.settings import LimitSettings
from services.ingest.steps import Step
from services.ingest.unpacking.bounds import Bounds
from services.ingest.uploading.arrivals import Arrival, arrivals
from services.ingest.uploading.batch import Held
from services.ingest.uploading.folders import Folders, uploaded
from services.ingest.uploading.session import Room, UploadSession
from services.ingest.uploading.shelf import Place, Shelf
from services.ingest.uploading.spool import Spools
from services.ingest.uploading.unpacking import unpacked
from services.shared.ecg import Recording, Remark
from services.shared.errors import InvalidRequest

MAX_INLINE_SECONDS: Final = 60.0


class Uploads:
    """Opens a session for each upload, and closes it behind whoever leaves."""

    def __init__(
        self, shelf: Shelf, pool: DecodingPool, eraser: Eraser, *, limits: LimitSettings, pseudonym_secret: bytes
    ) -> None:
        self._shelf = shelf
        self._pool = pool
        self._eraser = eraser
        self._limits = limits
        self._secret = pseudonym_secret
        self._bounds = Bounds(
            max_members=limits.max_archive_members,
            max_member_bytes=limits.max_file_bytes,
            max_total_bytes=limits.max_inflated_bytes,
            max_ratio=limits.max_inflation,
        )
        self._spools = Spools(limits.max_archive_bytes, limits.archives_at_once)
        self._room = Room(asyncio.Semaphore(limits.files_at_once), Held(), limits.max_held_bytes, self._bounds)
        self._closing: set[asyncio.Task[None]] = set()

    async def take(
        self, tenant: str, dataset_id: str, declaration: Declaration, steps: AsyncIterator[Step]
    ) -> AsyncGenerator[ReportLine, None]:
        """Yield a line per file; what is not a record when the iteration is left, leaves no trace."""
        session = UploadSession(
            Place(tenant, dataset_id),
            self._keyed(tenant, declaration),
            shelf=self._shelf,
            pool=self._pool,
            room=self._room,
        )
        try:
            async with aclosing(self._arrivals(steps)) as files, aclosing(session.report(files)) as lines:
                async for line in lines:
                    yield line
        finally:
            task = asyncio.create_task(session.close(self._eraser))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def decode(self, tenant: str, declaration: Declaration, steps: AsyncIterator[Step]) -> ReadFile:
        """Return the one ECG among the files; raises what keeps it from being read."""
        folders = Folders(self._limits.max_held_bytes)
        files: list[UploadedFile] = []
        async with aclosing(self._arrivals(steps)) as arrived:
            async for file in self._sound(arrived):
                files += folders.take(file)
                if len(files) > 1:
                    break
        files += folders.rest()
        if len(files) != 1:
            raise InvalidRequest(f"One ECG was expected; {len(files)} came. Send a file, with its companions.")
        async with self._room.files:
            decoded, quality = await self._pool.decode(files[0], self._keyed(tenant, declaration))
        return ReadFile(decoded.format_name, _inline(decoded.recording), quality)

    def _arrivals(self, steps: AsyncIterator[Step]) -> AsyncGenerator[Arrival, None]:
        return arrivals(steps, max_file_bytes=self._limits.max_file_bytes, spools=self._spools)

    async def _sound(self, arrived: AsyncIterator[Arrival]) -> AsyncIterator[UploadedFile]:
        """Yield files and the members of archives; raises what one of them is refused for."""
        async for arrival in arrived:
            if arrival.refusal is not None:
                raise arrival.refusal
            if arrival.archive is None:
                yield uploaded(arrival.file_name, arrival.data)
                continue
            async for member in unpacked(arrival.archive, arrival.file_name, self._bounds):
                if member.refusal is not None:
                    raise member.refusal
                if not member.is_junk:
                    yield uploaded(member.name, member.data)

    async def close(self) -> None:
        """Let every session that was left clean up behind itself."""
        await asyncio.gather(*self._closing)

    def _keyed(self, tenant: str, declaration: Declaration) -> Declaration:
        key = hmac.new(self._secret, f"pseudonyms of {tenant}".encode(), hashlib.sha256).digest()
        return replace(declaration, pseudonym_key=key)


def _inline(recording: Recording) -> Recording:
    samples = int(MAX_INLINE_SECONDS * recording.rate_hz)
    if recording.samples <= samples:
        return recording
    text = f"Only the first {MAX_INLINE_SECONDS:g} s of {recording.duration_s:.1f} s were taken."
    remarks = (*recording.remarks, Remark("cropped", text))
    return replace(recording, signal=recording.signal[:, :samples], remarks=remarks)
