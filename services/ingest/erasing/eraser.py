"""Takes things out of the object store, whoever else writes meanwhile."""

import asyncio
import io
from typing import Final

import numpy as np

from services.ingest import keys
from services.ingest.catalog.erasures import Doomed, Erasures
from services.ingest.metrics import ERASURES
from services.shared.errors import NotFound, PlatformError, Unavailable
from services.shared.observability.logs import get_logger
from services.shared.signals import shard_bytes
from services.shared.storage import ObjectStore

_RETRIES: Final = 100
_RETRY_SECONDS: Final = 0.05

_log = get_logger(__name__)


class Eraser:
    """Erases what is marked; every step may be repeated."""

    def __init__(self, store: ObjectStore, rows: Erasures) -> None:
        self._store = store
        self._rows = rows

    async def finish_record(self, doomed: Doomed) -> None:
        """Zero a record's row of its shard, delete its original where nobody else has it and what was derived."""
        await self._blank(doomed.shard_key)
        await self.drop(keys.original(doomed.tenant, doomed.sha256))
        await self._delete_all(keys.derived(doomed.tenant, doomed.dataset_id))
        await self._rows.forget_record(doomed.record_id)
        ERASURES.inc()

    async def finish_dataset(self, tenant: str, dataset_id: str) -> None:
        """Delete all shards of a dataset, its originals where nobody else has them and what was derived."""
        await self._delete_all(keys.signals(tenant, dataset_id))
        for sha256 in await self._rows.originals_of(dataset_id):
            await self.drop(keys.original(tenant, sha256))
        await self._delete_all(keys.derived(tenant, dataset_id))
        ERASURES.inc(await self._rows.forget_dataset(dataset_id))

    async def abandon(self, holder: str) -> None:
        """Delete what an upload wrote and never committed."""
        for key in await self._rows.held_by(holder):
            await self.drop(key, holder=holder)

    async def drop(self, key: str, *, holder: str | None = None) -> None:
        """Delete an object that no living record refers to, unless somebody is writing it.

        Where a holder is named, its claim on the object ends.
        """
        if not await self._rows.take(key, holder=holder):
            return
        try:
            if not await self._rows.is_referred_to(key):
                await self._store.delete(key)
        except PlatformError:
            if holder is None:  # otherwise the claim is the only trace of the object
                await self._rows.release(key)
            raise
        await self._rows.release(key)

    async def _blank(self, shard_key: str) -> None:
        """Zero the rows of erased records in a shard, without moving the others; delete it where none is alive."""
        await self._take_surely(shard_key)
        try:
            alive = await self._rows.rows_of_shard(shard_key)
            if not any(alive.values()):
                await self._store.delete(shard_key)
            else:
                await self._rewrite(shard_key, [index for index, is_alive in alive.items() if not is_alive])
        finally:
            await self._rows.release(shard_key)

    async def _rewrite(self, shard_key: str, erased: list[int]) -> None:
        try:
            shard = await self._store.get(shard_key)
        except NotFound:
            _log.warning("shard_missing", key=shard_key)
            return
        await self._store.put(shard_key, await asyncio.to_thread(_blanked, shard, erased))

    async def _take_surely(self, key: str) -> None:
        for _ in range(_RETRIES):
            if await self._rows.take(key):
                return
            await asyncio.sleep(_RETRY_SECONDS)
        raise Unavailable("Somebody else is erasing from the same shard; the erasure is finished in the background.")

    async def _delete_all(self, prefix: str) -> None:
        found = [info.key async for info in self._store.list(prefix)]
        for key in found:
            await self._store.delete(key)


def _blanked(shard: bytes, erased: list[int]) -> bytes:
    signals = np.load(io.BytesIO(shard), allow_pickle=False)
    signals[erased] = 0
    return shard_bytes(list(signals))
