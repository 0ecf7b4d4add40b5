"""Where originals lie: under the sha256 of what was received, sealed or as they are."""

import asyncio
from collections.abc import Callable
from typing import Final

from services.ingest import keys
from services.ingest.originals.sealing import Sealer, is_sealed
from services.shared.storage import ObjectStore

_LONG_BYTES: Final = 1 << 20
"""From here on encrypting takes long enough to be worth a thread."""


class Vault:
    """Keeps originals and gives them back, whichever setting they were kept under."""

    def __init__(self, store: ObjectStore, sealer: Sealer, *, seals: bool = True) -> None:
        self._store = store
        self._sealer = sealer
        self._seals = seals

    async def put(self, tenant: str, sha256: str, original: bytes) -> None:
        """Keep an original under the sha256 of what was received, which may be more than what is kept of it."""
        if self._seals or is_sealed(original):  # what only looks sealed could not be told apart later
            original = await _at_leisure(self._sealer.seal, tenant, sha256, original)
        await self._store.put(keys.original(tenant, sha256), original)

    async def get(self, tenant: str, sha256: str) -> bytes:
        """Return what is kept of an original.

        Raises NotFound where nothing is, Unavailable where the key is missing or the store does not answer.
        """
        kept = await self._store.get(keys.original(tenant, sha256))
        return await _at_leisure(self._sealer.open, tenant, sha256, kept) if is_sealed(kept) else kept


async def _at_leisure(work: Callable[[str, str, bytes], bytes], tenant: str, sha256: str, data: bytes) -> bytes:
    if len(data) < _LONG_BYTES:
        return work(tenant, sha256, data)
    return await asyncio.to_thread(work, tenant, sha256, data)
