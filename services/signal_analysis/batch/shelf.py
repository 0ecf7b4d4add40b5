"""Where what was measured lies: beside everything else that is derived from a dataset, so that it goes with it.

    derived/<tenant>/<dataset>/measured/<engine>/<job>-table.parquet      the result of a job that succeeded
    derived/<tenant>/<dataset>/measured/<engine>/<job>-0000042.parquet    what a job has measured so far

Both are what later jobs of the dataset need not measure again. Nobody's but this dataset's jobs ever look there.
"""

import asyncio
from typing import Any, Final

from services.shared.errors import NotFound
from services.shared.storage import ObjectStore
from services.signal_analysis.batch import tables
from services.signal_analysis.batch.jobs import Job

_TABLE: Final = "table"
_SUFFIX: Final = ".parquet"


class Shelf:
    """Keeps tables of measurements."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def known(self, job: Job) -> list[Any]:
        """Return what this job's engine has measured of this dataset: the newest table first, then parts."""
        found = [info.key async for info in self._store.list(_folder(job))]
        whole = [key for key in found if key.endswith(_TABLE + _SUFFIX)]
        parts = [key for key in found if key not in whole]
        return [table for key in (*whole, *parts) if (table := await self._read(key)) is not None]

    async def put_part(self, job: Job, number: int, table: Any) -> None:
        """Keep what a job has measured so far."""
        await self._write(_key(job, f"{number:07d}"), table)

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
    return f"{_folder(job)}{job.job_id}-{name}{_SUFFIX}"
