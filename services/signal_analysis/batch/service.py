"""The use cases of measuring datasets, as a department sees them: its own."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.shared.errors import Conflict, InvalidRequest
from services.shared.identity import Caller
from services.signal_analysis.batch import plotting, tables
from services.signal_analysis.batch.jobs import Job
from services.signal_analysis.batch.ports import Bell, Datasets, Jobs
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.result_file import ResultFile

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
LOOK_SECONDS: Final = 0.5
"""How old the news of a job are at most, for those who follow it."""
_MEDIA_TYPES: Final = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageOfJobs:
    """Some jobs, newest first, and where the list goes on."""

    jobs: tuple[Job, ...]
    next_cursor: str


class MeasuringJobs:
    """Jobs that measure datasets."""

    def __init__(self, jobs: Jobs, datasets: Datasets, shelf: Shelf, bell: Bell, engine: str) -> None:
        self._jobs = jobs
        self._datasets = datasets
        self._shelf = shelf
        self._bell = bell
        self._engine = engine

    async def create(self, caller: Caller, dataset_id: str) -> Job:
        """Queue the measuring of a dataset, or return the job that is at it; raises NotFound."""
        await self._datasets.check(caller, dataset_id)
        now = datetime.now(UTC)
        asked = Job(uuid.uuid4().hex, caller.tenant, caller.subject, dataset_id, "queued", now, now, self._engine)
        job = await self._jobs.create(asked)
        await self._bell.ring(job.tenant, job.job_id)
        return job

    async def get(self, caller: Caller, job_id: str) -> Job:
        """Return one job; raises NotFound."""
        return await self._jobs.get(caller.tenant, job_id)

    async def list(self, caller: Caller, *, limit: int, cursor: str) -> PageOfJobs:
        """Return a page of jobs, newest first."""
        size = min(limit or DEFAULT_LIMIT, MAX_LIMIT)
        found = await self._jobs.page(caller.tenant, before=_position(cursor), limit=size + 1)
        shown = tuple(found[:size])
        return PageOfJobs(shown, str(shown[-1].row) if len(found) > size else "")

    async def cancel(self, caller: Caller, job_id: str) -> Job:
        """Cancel a job, or ask the replica that is at it to; raises Conflict where it has ended."""
        return await self._jobs.request_cancel(caller.tenant, job_id)

    async def watch(self, caller: Caller, job_id: str) -> AsyncIterator[Job]:
        """Yield a job as it stands, then whenever it changed, until it has ended; raises NotFound."""
        told: Job | None = None
        while told is None or not told.ended:
            job = await self._jobs.get(caller.tenant, job_id)
            if job != told:
                yield job
            told = job
            if not job.ended:
                await asyncio.sleep(LOOK_SECONDS)

    async def result(self, caller: Caller, job_id: str, form: str) -> ResultFile:
        """Return the table of a job that has succeeded, or its drawing; raises Conflict, NotFound, InvalidRequest."""
        if form not in _MEDIA_TYPES:
            raise InvalidRequest(f"There is no table of the format {form[:40]!r}. Choose one of parquet, csv, svg.")
        job = await self._jobs.get(caller.tenant, job_id)
        if job.state != "succeeded":
            raise Conflict(f"The job is {job.state}; a table exists once it has succeeded.")
        data = await asyncio.to_thread(_written, await self._shelf.table(job), form)
        name = "distributions" if form == "svg" else "measurements"
        return ResultFile(f"{name}-{job.dataset_id}.{form}", _MEDIA_TYPES[form], data)


def _written(data: bytes, form: str) -> bytes:
    table: Any = tables.shown(tables.read(data))
    if form == "svg":
        return plotting.drawn(table)
    return tables.csv(table) if form == "csv" else tables.parquet(table)


def _position(cursor: str) -> int | None:
    if not cursor:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:  # noqa: PLR2004 fits 64 bits
        raise InvalidRequest("The cursor is not one of this list. Start from the beginning.")
    return int(cursor)
