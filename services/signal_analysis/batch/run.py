"""One job: measure what is new of a dataset, join it with what is known, and lay the table on the shelf.

Ingest marks a record before it deletes what was derived from it. So a table that was written counts only once the
dataset was asked again and all its records were still there: whatever is erased later takes the table with it.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Final

from services.shared.errors import NotFound, Unavailable
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Counts, Job, Known, State
from services.signal_analysis.batch.measured import Measured
from services.signal_analysis.batch.one import Task
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.batch.ports import Datasets, Jobs, SignalReader
from services.signal_analysis.batch.progress import Pace, Progress
from services.signal_analysis.batch.shelf import Kept, Shelf
from services.signal_analysis.metrics import count
from services.signal_analysis.reading import too_large
from services.signal_analysis.window import MAX_DURATION_S

PART_RECORDS: Final = 256
"""How many ECGs are measured anew, at most, where a replica is lost."""
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
        pace: Pace,
    ) -> None:
        self._jobs = jobs
        self._datasets = datasets
        self._signals = signals
        self._shelf = shelf
        self._pool = pool
        self._pace = pace

    async def do(self, job: Job, worker: str) -> State:
        """Measure the dataset of a job and return how that ended: "queued" where others go first.

        Raises NotFound where the dataset is gone, Conflict where the job is another worker's by now, Unavailable and
        StorageFull where it may go on later, BrokenProcessPool where a measuring process died.
        """
        for _ in range(_ROUNDS):
            records = await self._datasets.records(job.caller, job.dataset_id)
            try:
                whole = await self._measured(job, worker, records)
            except _ShardGone:
                continue
            except _Stopped as stopped:
                await self._only_of_living(job, records)
                return stopped.state
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
        """Return the table of all signals of these records; raises _Stopped where it is not to be had now."""
        kept = await self._shelf.known(job)
        counts, todo = await asyncio.to_thread(_begun, records, kept)
        progress = Progress(self._jobs, job, worker, counts, self._pace)
        if (state := await progress.tell()) != "running":
            raise _Stopped(state)
        fresh = await self._fresh(job, todo, progress)
        count("reused", counts.reused)
        return await asyncio.to_thread(tables.joined, [*kept.before, *kept.own, *fresh])

    async def _fresh(self, job: Job, todo: Sequence[Known], progress: Progress) -> list[Any]:
        """Measure signals and keep them part by part; raises _Stopped once those in hand are kept."""
        parts: list[Any] = []
        batch: list[Measured] = []
        small = [each for each in todo if not too_large(each.signal)]
        large = [each for each in todo if too_large(each.signal)]
        names = iter([each.content for each in small])
        async with aclosing(self._pool.measured(self._tasks(small))) as groups:
            async for group in groups:
                batch += group
                if len(batch) >= PART_RECORDS:
                    parts.append(await self._kept(job, names, batch))
                    batch = []
                if (state := await progress.more(group)) != "running":
                    await self._kept(job, names, batch)
                    raise _Stopped(state)
        batch += [Measured({}, {}, {}, too_large(each.signal)) for each in large]
        names = itertools.chain(names, (each.content for each in large))
        parts.append(await self._kept(job, names, batch))
        await progress.more(batch[len(batch) - len(large) :])
        return parts

    async def _kept(self, job: Job, names: Any, batch: Sequence[Measured]) -> Any:
        table = await asyncio.to_thread(tables.table_of, list(itertools.islice(names, len(batch))), batch)
        if batch:
            await self._shelf.put_part(job, table)
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


def _begun(records: Sequence[Known], kept: Kept) -> tuple[Counts, list[Known]]:
    """Return how far a job is with what is kept, and what it is to measure: each signal once."""
    before, own = tables.refused(kept.before), tables.refused(kept.own)
    todo = {each.content: each for each in records if each.content not in before and each.content not in own}
    counts = Counts(
        records=len(records),
        done=sum(each.content in before or each.content in own for each in records),
        reused=sum(each.content in before for each in records),
        refused=sum(own.get(each.content, False) for each in records),
    )
    return counts, list(todo.values())


class _Stopped(Exception):
    """The job was cancelled, or its turn is over; what was measured is kept."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class _ShardGone(Exception):
    """All ECGs of a shard were erased while it was to be read."""
