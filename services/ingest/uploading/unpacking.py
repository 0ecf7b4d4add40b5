"""Archives of an upload: their members one by one, and when all of them have their lines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from services.ingest.records import Outcome, ReportLine
from services.ingest.unpacking.bounds import Bounds
from services.ingest.unpacking.members import Member, members
from services.ingest.uploading.spool import Spool
from services.shared.errors import ErrorCode, PlatformError

_PASSING: Final = frozenset(
    {ErrorCode.UNAVAILABLE, ErrorCode.STORAGE_FULL, ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED}
)
"""What may go well the next time."""


async def unpacked(archive: Spool, file_name: str, bounds: Bounds) -> AsyncIterator[Member]:
    """Yield the members of an archive, inflated in threads; raises what keeps it from being read to its end."""
    found = members(archive.file, file_name, bounds, archive.size_bytes)
    while (member := await asyncio.to_thread(next, found, None)) is not None:
        yield member


class Tally:
    """What became of the members of one archive."""

    def __init__(self) -> None:
        self._open = 0
        self._passing: list[str] = []
        self._done = asyncio.Event()
        self._done.set()
        self.lines = 0
        self.record_ids: set[str] = set()
        self.fault: PlatformError | None = None
        """Why it could not be read to its end."""

    def begin(self) -> None:
        """Count a member whose fate is not known yet."""
        self._open += 1
        self._done.clear()

    def end(self) -> None:
        """Count a member that has its line."""
        self._open -= 1
        if self._open == 0:
            self._done.set()

    def note(self, line: ReportLine) -> None:
        """Take note of a member's line."""
        self.lines += 1
        if line.error_code in _PASSING:
            self._passing.append(line.error_code)
        if line.record is not None:
            self.record_ids.add(line.record.record_id)

    async def all_told(self) -> None:
        """Wait until every member that was begun has its line."""
        await self._done.wait()

    @property
    def is_settled(self) -> bool:
        """Say whether sending the archive again would change nothing."""
        return self.fault is None and not self._passing

    def line(self, file_name: str) -> ReportLine:
        """Return the archive's own line."""
        if self.fault is not None:
            told = f" {self.lines} of its files have their lines." if self.lines else ""
            return ReportLine(
                file_name, Outcome.REFUSED, error_code=self.fault.code, error_detail=self.fault.detail + told
            )
        if self._passing:
            text = f"{len(self._passing)} of its files could not be stored for now; send the archive again."
            return ReportLine(file_name, Outcome.REFUSED, error_code=self._passing[0], error_detail=text)
        return ReportLine(file_name, Outcome.UNPACKED)
