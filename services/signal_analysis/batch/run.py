"""One job: measure what is new of a dataset, join it with what is known, and lay the table on the shelf.

Ingest marks a record before it deletes what was derived from it. So a table that was written counts only once the
dataset was asked again and all its records were still there: whatever is erased later takes the table with it.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from services.shared.errors import NotFound, Unavailable
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Counts, Job, Known, State
from services.signal_analysis.batch.measured import Measured
from services.signal_analysis.batch.one import Task
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.batch.ports import Datasets, Jobs, SignalReader
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.reading import too_large
from services.signal_analysis.window import MAX_DURATION_S

PART_RECORDS: Final = 256
"""How many ECGs are measured anew, at most, where a replica is lost."""
_TELL_SECONDS: Final = 1.0
_ROUNDS: Final = 5


class Run:
    """Does jobs, one after the other."""

    def __init__(
        self,
        jobs: Jobs,
        datasets: Datasets,
        signals: SignalReader,
        shelf: Shelf,
        pool: Pool,
        *,
        lease_seconds: float,
    ) -> None:
        self._jobs = jobs
        self._datasets = datasets
        self._signals = signals
        self._shelf = shelf
        self._pool = pool
        self._lease_seconds = lease_seconds

    async def do(self, job: Job, worker: str) -> State:
        """Measure the dataset of a job and return how that ended.

        Raises NotFound where the dataset is gone, Conflict where the job is another worker's by now, Unavailable and
        StorageFull where it may go on later, BrokenProcessPool where a measuring process died.
        """
        for _ in range(_ROUNDS):
            records = await self._datasets.records(job.caller, job.dataset_id)
            try:
                whole = await self._measured(job, worker, records)
            except _ShardGone:
                continue
            if whole is None:
                await self._only_of_living(job, [])
                return "cancelled"
            await self._shelf.put_table(job, await asyncio.to_thread(tables.result, records, whole, job.engine))
            if await self._only_of_living(job, records):
                await self._shelf.drop_parts(job)
                return "succeeded"
        raise Unavailable("ECGs of the dataset are being erased; it is measured later.")

    async def _only_of_living(self, job: Job, told: Sequence[Known]) -> bool:
        """Delete what tells of ECGs that are gone by now; say whether the table may stay."""
        living = await self._datasets.records(job.caller, job.dataset_id)
        ids = {each.record_id for each in living}
        if all(each.record_id in ids for each in told):
            return True
        await self._shelf.drop(job)
        await self._shelf.drop_foreign(job, frozenset(each.content for each in living))
        return False

    async def _measured(self, job: Job, worker: str, records: Sequence[Known]) -> Any:
        """Return the table of all signals of these records; None where the job was cancelled."""
        kept = await self._shelf.known(job)
        known = {name for table in kept for name in table[tables.CONTENT].to_pylist()}
        todo = list({each.content: each for each in records if each.content not in known}.values())
        reused = sum(each.content in known for each in records)
        progress = _Progress(self._jobs, job, worker, Counts(len(records), reused, reused), self._lease_seconds)
        if not await progress.tell():
            return None
        fresh = await self._fresh(job, todo, progress)
        if fresh is None:
            return None
        parts = [*kept, *fresh] or [tables.table_of([], [])]
        return await asyncio.to_thread(tables.joined, parts)

    async def _fresh(self, job: Job, todo: Sequence[Known], progress: "_Progress") -> list[Any] | None:
        """Measure signals and keep them part by part; None where the job was cancelled."""
        numbers = itertools.count(job.attempts * 1000)
        parts: list[Any] = []
        batch: list[Measured] = []
        small = [each for each in todo if not too_large(each.signal)]
        large = [each for each in todo if too_large(each.signal)]
        names = iter([each.content for each in small])
        async with aclosing(self._pool.measured(self._tasks(small))) as groups:
            async for group in groups:
                batch += group
                if len(batch) >= PART_RECORDS:
                    parts.append(await self._kept(job, next(numbers), names, batch))
                    batch = []
                if not await progress.more(group):
                    await self._kept(job, next(numbers), names, batch)
                    return None
        batch += [Measured({}, {}, {}, too_large(each.signal)) for each in large]
        names = itertools.chain(names, (each.content for each in large))
        parts.append(await self._kept(job, next(numbers), names, batch))
        await progress.more(batch[len(batch) - len(large) :])
        return parts

    async def _kept(self, job: Job, number: int, names: Any, batch: Sequence[Measured]) -> Any:
        table = await asyncio.to_thread(tables.table_of, list(itertools.islice(names, len(batch))), batch)
        if batch:
            await self._shelf.put_part(job, number, table)
        return table

    async def _tasks(self, records: Sequence[Known]) -> AsyncIterator[Task]:
        """Yield the first minute of each signal."""
        places = iter(records)
        try:
            async for signal in self._signals.read_many([each.signal for each in records]):
                ref = next(places).signal
                yield signal[:, : round(MAX_DURATION_S * ref.rate_hz)], ref.leads, ref.rate_hz
        except NotFound:
            raise _ShardGone from None


class _ShardGone(Exception):
    """All ECGs of a shard were erased while it was to be read."""


class _Progress:
    """Tells how far a job is, at most once a second, and hears whether to go on."""

    def __init__(self, jobs: Jobs, job: Job, worker: str, counts: Counts, lease_seconds: float) -> None:
        self._jobs = jobs
        self._job = job
        self._worker = worker
        self._counts = counts
        self._lease_seconds = lease_seconds
        self._told = 0.0

    async def more(self, group: Sequence[Measured]) -> bool:
        """Count signals that were measured; say whether to go on."""
        refused = sum(bool(each.refusal) for each in group)
        counts = self._counts
        self._counts = replace(counts, done=counts.done + len(group), refused=counts.refused + refused)
        is_last = self._counts.done >= self._counts.records
        return await self.tell() if is_last or time.monotonic() - self._told >= _TELL_SECONDS else True

    async def tell(self) -> bool:
        """Tell it now."""
        self._told = time.monotonic()
        return await self._jobs.keep(self._job, self._worker, self._counts, seconds=self._lease_seconds)
