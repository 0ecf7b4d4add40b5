"""Where what was measured lies: beside everything else that is derived from a dataset, so that it goes with it.

    derived/<tenant>/<dataset>/measured/<engine>/<job>-table.parquet      the result of a job that succeeded
    derived/<tenant>/<dataset>/measured/<engine>/<job>-<part>.parquet     what a job has measured so far

Both are what later jobs of the dataset need not measure again. Nobody's but this dataset's jobs ever look there.
"""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any, Final

from services.shared.errors import NotFound
from services.shared.storage import ObjectStore
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Job

_TABLE: Final = "table"
_SUFFIX: Final = ".parquet"


@dataclass(frozen=True, slots=True)
class Kept:
    """Tables (pyarrow.Table) of what an engine has measured of a dataset."""

    before: list[Any]
    """By jobs before this one."""
    own: list[Any]
    """By this job: in an earlier turn, or by a replica that was lost."""


class Shelf:
    """Keeps tables of measurements."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def known(self, job: Job) -> Kept:
        """Return what this job's engine has measured of this dataset."""
        kept = Kept([], [])
        for key in [info.key async for info in self._store.list(_folder(job))]:
            table = await self._read(key)
            if table is not None:
                (kept.own if key.startswith(_key_of(job)) else kept.before).append(table)
        return kept

    async def put_part(self, job: Job, table: Any) -> None:
        """Keep what a job has measured since the part before; no part of any turn takes the place of another."""
        await self._write(_key(job, uuid.uuid4().hex), table)

    async def put_table(self, job: Job, table: Any) -> None:
        """Keep a job's result."""
        await self._write(_key(job, _TABLE), table)

    async def table(self, job: Job) -> bytes:
        """Return a job's result as Parquet; raises NotFound where it is gone."""
        try:
            return await self._store.get(_key(job, _TABLE))
        except NotFound:
            raise NotFound(
                "The table is gone, for an ECG of the dataset was erased since. Measure the dataset again."
            ) from None

    async def drop(self, job: Job) -> None:
        """Delete a job's result."""
        await self._store.delete(_key(job, _TABLE))

    async def drop_parts(self, job: Job) -> None:
        """Delete what jobs of a dataset left beside their results, whatever engine they had."""
        async for info in self._store.list(_dataset(job)):
            if not info.key.endswith(_TABLE + _SUFFIX):
                await self._store.delete(info.key)

    async def drop_all(self, tenant: str, dataset_id: str) -> None:
        """Delete everything that was measured of a dataset."""
        async for info in self._store.list(f"derived/{tenant}/{dataset_id}/measured/"):
            await self._store.delete(info.key)

    async def drop_foreign(self, job: Job, contents: frozenset[str]) -> int:
        """Delete every table of a dataset that tells of any other signal, and return how many those were."""
        dropped = 0
        for key in [info.key async for info in self._store.list(_dataset(job))]:
            table = await self._read(key)
            if table is not None and not contents.issuperset(table[tables.CONTENT].to_pylist()):
                await self._store.delete(key)
                dropped += 1
        return dropped

    async def _read(self, key: str) -> Any:
        try:
            data = await self._store.get(key)
        except NotFound:
            return None  # Erased between the list and here.
        return await asyncio.to_thread(tables.read, data)

    async def _write(self, key: str, table: Any) -> None:
        await self._store.put(key, await asyncio.to_thread(tables.parquet, table))


def _dataset(job: Job) -> str:
    return f"derived/{job.tenant}/{job.dataset_id}/measured/"


def _folder(job: Job) -> str:
    return f"{_dataset(job)}{job.engine}/"


def _key(job: Job, name: str) -> str:
    return f"{_key_of(job)}{name}{_SUFFIX}"


def _key_of(job: Job) -> str:
    return f"{_folder(job)}{job.job_id}-"
