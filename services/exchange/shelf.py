"""Putting a version on the shelf: whole or not at all, and never twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final

from services.exchange.hashing import Hashed
from services.exchange.models import MANIFEST_FILE, MODEL_FILE, Draft, ModelVersion, Source, StoredFile
from services.exchange.ports import Catalog
from services.shared.errors import PlatformError
from services.shared.model_contract import FileEntry, Manifest
from services.shared.observability.logs import get_logger
from services.shared.storage import ObjectStore

MEDIA_TYPES: Final = {
    "onnx": "application/octet-stream",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
INCOMING: Final = "incoming/"
"""Where files from outside lie while they are looked at: incoming/<tenant>/<unix seconds>-<random>."""
_RETRY: Final = timedelta(minutes=1)

_log = get_logger(__name__)


class Shelf:
    """Writes the files of versions and their rows, in the order that leaves nothing half-written."""

    def __init__(self, store: ObjectStore, catalog: Catalog, *, max_model_bytes: int, max_report_bytes: int) -> None:
        self._store = store
        self._catalog = catalog
        self._max_model_bytes = max_model_bytes
        self._max_report_bytes = max_report_bytes

    async def add(self, draft: Draft, manifest: Manifest, sources: Sequence[Source]) -> ModelVersion:
        """Store a draft with its files and return it as a version.

        Raises AlreadyExists where the version is taken, TooLarge where a file is.
        """
        reserved = await self._catalog.reserve(draft)
        try:
            files = [await self._copy(reserved, source) for source in sources]
            final = _filled_in(manifest, reserved, files)
            files.append(await self._copy(reserved, Source(MANIFEST_FILE, lambda: _once(final.encode()))))
            return await self._catalog.complete(reserved.row_id, final, files)
        except BaseException:
            # What has an origin is tried again and then goes on where it stopped; clearing could race with that.
            if draft.origin_id is None:
                await self._clear(reserved)
            raise

    async def sweep_for_ever(self, older_than: timedelta) -> None:
        """Sweep at the start and then as often as something may have become old enough; what fails is tried again."""
        while True:
            pause = older_than
            try:
                await self.sweep(older_than)
            except PlatformError as error:
                _log.warning("sweep_failed", code=error.code.value, detail=error.detail)
                pause = min(pause, _RETRY)
            await asyncio.sleep(pause.total_seconds())

    async def sweep(self, older_than: timedelta) -> None:
        """Clear away what was begun long ago and never completed."""
        before = datetime.now(UTC) - older_than
        for reserved in await self._catalog.unfinished(before):
            await self._clear(reserved)
            _log.warning("unfinished_version_cleared", model=reserved.name, version=reserved.version)
        async for info in self._store.list(INCOMING):
            begun = info.key.rsplit("/", 1)[-1].split("-", 1)[0]
            if begun.isdigit() and int(begun) < before.timestamp():
                await self._store.delete(info.key)

    async def _copy(self, version: ModelVersion, source: Source) -> StoredFile:
        name = source.file_name
        limit = self._max_model_bytes if name == MODEL_FILE else self._max_report_bytes
        key = version.prefix + name
        hashed = Hashed(source.open(), max_bytes=limit, what=f"The file {name}")
        async with aclosing(hashed.chunks()) as chunks:
            await self._store.put(key, chunks)
        media_type = MEDIA_TYPES.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
        return StoredFile(name, key, hashed.sha256, hashed.size_bytes, media_type)

    async def _clear(self, reserved: ModelVersion) -> None:
        async for info in self._store.list(reserved.prefix):
            await self._store.delete(info.key)
        await self._catalog.abandon(reserved.row_id)


def _filled_in(manifest: Manifest, version: ModelVersion, files: Sequence[StoredFile]) -> str:
    entries = {
        each.file_name: FileEntry(sha256=each.sha256, size_bytes=each.size_bytes, media_type=each.media_type)
        for each in files
    }
    known = {"name": version.name, "version": version.version, "files": entries}
    return manifest.model_copy(update=known).to_json()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
