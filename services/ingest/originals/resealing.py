"""Brings originals that lie unprotected, or under an old secret, under the secret of today."""

from dataclasses import dataclass

from services.ingest import keys
from services.ingest.catalog.erasures import Erasures
from services.ingest.erasing.eraser import Eraser
from services.ingest.originals.sealing import HEADER_BYTES, Sealer, is_sealed
from services.shared.errors import NotFound
from services.shared.storage import ObjectInfo, ObjectStore


@dataclass(slots=True)
class Resealed:
    """What became of the originals."""

    current: int = 0
    """Lay under the secret of today already."""
    resealed: int = 0
    busy: int = 0
    """Were being written or erased by somebody else; the next run sees to them."""


class Resealing:
    """Goes through all originals of a store; may be stopped, repeated, and run beside services that work."""

    def __init__(self, store: ObjectStore, rows: Erasures, sealer: Sealer) -> None:
        self._store = store
        self._rows = rows
        self._eraser = Eraser(store, rows)
        self._sealer = sealer

    async def run(self) -> Resealed:
        """Reseal what needs it; raises Unavailable where a secret is missing."""
        done = Resealed()
        async for info in self._store.list(keys.ORIGINALS):
            place = keys.original_of(info.key)
            if place is None or await self._is_current(info):
                done.current += 1
            elif await self._reseal(info.key, *place):
                done.resealed += 1
            else:
                done.busy += 1
        return done

    async def _is_current(self, info: ObjectInfo) -> bool:
        try:
            head = await self._store.get_range(info.key, 0, min(HEADER_BYTES, info.size_bytes))
        except NotFound:
            return True  # erased meanwhile
        return self._sealer.is_current(head)

    async def _reseal(self, key: str, tenant: str, sha256: str) -> bool:
        """Rewrite one object under the eraser's claim; what was erased meanwhile goes when the claim ends."""
        if not await self._rows.take(key):
            return False
        try:
            kept = await self._store.get(key)
            plain = self._sealer.open(tenant, sha256, kept) if is_sealed(kept) else kept
            await self._store.put(key, self._sealer.seal(tenant, sha256, plain))
        except NotFound:
            return False
        finally:
            await self._rows.release(key)
        await self._eraser.drop(key)
        return True
