"""What jobs are done with in tests: signals in memory, a dataset that changes, and measuring that is counted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from services.shared.database import Database
from services.shared.ecg import Recording, Signal
from services.shared.errors import NotFound
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Job, Known
from services.signal_analysis.batch.ledger import SqlJobs
from services.signal_analysis.batch.measured import Measured
from services.signal_analysis.batch.one import Task, measure_some
from services.signal_analysis.batch.progress import Pace
from services.signal_analysis.batch.run import Run
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.batch.worker import Worker
from services.signal_analysis.measurements import Measurement


def job(job_id: str = "j1", tenant: str = "cardiology", dataset_id: str = "d") -> Job:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Job(job_id, tenant, "kim", dataset_id, "queued", now, now, "1")


def known(number: int, leads: tuple[str, ...] = ("I", "II")) -> Known:
    return Known(f"r{number}", f"{number}.csv", "", "good", SignalRef("s", number, leads, 100, 100.0), f"c{number}")


def level(recording: Recording) -> tuple[Measurement, ...]:
    """Measure the level of lead I; 13 makes the engine stumble."""
    value = float(recording.signal[0, 0])
    if value == 13:
        raise ValueError("thirteen")
    return (Measurement("level", value, "mV"),)


@dataclass
class Ward:
    """A dataset whose records come and go, and their signals."""

    living: list[Known]
    is_there: bool = True
    on_read: Callable[[int], None] = lambda number: None
    looks: int = 0

    async def check(self, caller: Caller, dataset_id: str) -> None:
        await self.records(caller, dataset_id)

    async def records(self, caller: Caller, dataset_id: str) -> list[Known]:
        self.looks += 1
        if not self.is_there:
            raise NotFound("There is no such dataset.")
        return list(self.living)

    async def read_many(self, refs: Sequence[SignalRef], *, concurrency: int = 8) -> AsyncIterator[Signal]:
        for ref in refs:
            self.on_read(ref.index)
            await asyncio.sleep(0)
            yield np.full((2, 100), ref.index, np.float32)


@dataclass
class Bench:
    """Measures in this process, counts, and breaks when told to."""

    measured_levels: list[float] = field(default_factory=list)
    breaks_after: int | None = None

    async def measured(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[list[Measured]]:
        async for task in tasks:
            if self.breaks_after is not None and len(self.measured_levels) >= self.breaks_after:
                raise BrokenProcessPool
            self.measured_levels.append(float(task[0][0, 0]))
            yield measure_some(level, [task])


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ground:
    """Rows, objects, a ward and a bench, on which replicas stand."""

    def __init__(self, database: Database, store: FolderStore) -> None:
        self.clock = Clock()
        self.jobs = SqlJobs(database, clock=self.clock)
        self.store = store
        self.ward, self.bench = Ward([known(number) for number in range(6)]), Bench()

    def replica(self, turn_seconds: float = 60.0) -> Worker:
        pool: Any = self.bench
        shelf = Shelf(self.store)
        does = Run(self.jobs, self.ward, self.ward, shelf, pool, pace=Pace(60, turn_seconds))
        return Worker(self.jobs, self.ward, shelf, does.do, engine="1", lease_seconds=60)

    async def state(self, job_id: str = "j1", tenant: str = "cardiology") -> str:
        return (await self.jobs.get(tenant, job_id)).state

    async def table(self, job_id: str = "j1") -> Any:
        return tables.read(await Shelf(self.store).table(await self.jobs.get("cardiology", job_id)))

    async def objects(self) -> list[str]:
        return [info.key async for info in self.store.list("")]
