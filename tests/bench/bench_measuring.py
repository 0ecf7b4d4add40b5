"""Measuring a dataset of 2,000 ECGs as a job, against measuring ECGs one after the other in one process.

The floor is two cores' worth of the single rate, taken on the same signals before and after the job. The job does what
it does in service: it reads shards from a store, keeps parts and a table there, and tells its progress to a database.
"""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from services.shared.database import migrate, open_database
from services.shared.ecg import STANDARD_LEADS, Recording
from services.shared.identity import Caller
from services.shared.settings import DatabaseSettings
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.batch.jobs import Job, Known
from services.signal_analysis.batch.ledger import SqlJobs
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.batch.progress import Pace
from services.signal_analysis.batch.run import Run
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.bootstrap import MIGRATIONS
from services.signal_analysis.measuring import ENGINE_VERSION, measure_recording
from tests.bench import ludb
from tests.bench.row import Row

ECGS: Final = 2000
CORES: Final = 2
GOAL: Final = 0.9
_SHARD: Final = 250
_SINGLES: Final = 100


class Tiled:
    """LUDB again and again, as one dataset."""

    def __init__(self) -> None:
        leads, rate_hz = STANDARD_LEADS, ludb.RATE_HZ
        refs = [SignalRef(_key(n // _SHARD), n % _SHARD, leads, 5000, rate_hz) for n in range(ECGS)]
        self.known = [Known(f"r{n}", f"{n}.dat", "", "good", ref, f"c{n}") for n, ref in enumerate(refs)]

    async def write(self, store: FolderStore) -> None:
        """Write the shards."""
        signals = ludb.signals()
        for shard in range(ECGS // _SHARD):
            rows = [signals[(shard * _SHARD + row) % len(signals)] for row in range(_SHARD)]
            await SignalStore(store).write_shard(_key(shard), rows)

    async def records(self, caller: Caller, dataset_id: str) -> list[Known]:
        """Return the records."""
        return self.known

    async def check(self, caller: Caller, dataset_id: str) -> None:
        """Return, for the dataset is there."""


def measure_dataset() -> Row:
    """Measure the ECGs a second of a job on two cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        before = _singly()
        rate = asyncio.run(_job(Path(folder)))
        floor = CORES * (before + _singly()) / 2
    return Row("measure_dataset", rate, "ECG/s", f"ratio >= {GOAL}", rate >= GOAL * floor, floor, rate / floor)


def _singly() -> float:
    signals = ludb.signals()[:_SINGLES]
    started = time.perf_counter()
    for signal in signals:
        measure_recording(Recording(signal=signal, leads=STANDARD_LEADS, rate_hz=ludb.RATE_HZ))
    return len(signals) / (time.perf_counter() - started)


async def _job(folder: Path) -> float:
    url = f"sqlite+aiosqlite:///{folder}/jobs.sqlite"
    store, database = FolderStore(folder / "objects"), open_database(DatabaseSettings.model_validate({"url": url}))
    await migrate(database, "signal_analysis", MIGRATIONS)
    dataset, jobs, pool = Tiled(), SqlJobs(database), Pool(measure_recording, CORES)
    await dataset.write(store)
    await pool.warm()
    reader: Any = SignalStore(store)
    does = Run(jobs, dataset, reader, Shelf(store), pool, pace=Pace(60, 60))
    now = datetime.now(UTC)
    await jobs.create(Job("bench", "bench", "bench", "d", "queued", now, now, ENGINE_VERSION))
    job = await jobs.claim("bench", seconds=60, max_attempts=1, engine=ENGINE_VERSION)
    started = time.perf_counter()
    state = "lost" if job is None else await does.do(job, "bench")
    seconds = time.perf_counter() - started
    await pool.close()
    await database.close()
    await store.close()
    if state != "succeeded":
        raise RuntimeError(f"The job is {state}.")
    return ECGS / seconds


def _key(shard: int) -> str:
    return f"signals/bench/d/{shard}.npy"


BENCHES: Final = {"measure_dataset": measure_dataset}
