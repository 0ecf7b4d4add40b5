"""Erasing on request: invisible at once, gone when the call returns, and in any case after the next sweep."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from services.ingest.catalog.erasures import Erasures
from services.ingest.erasing.eraser import Eraser
from services.ingest.ports import News


class Removal:
    """Erases records and datasets of departments."""

    def __init__(self, rows: Erasures, eraser: Eraser, news: News) -> None:
        self._rows = rows
        self._eraser = eraser
        self._news = news

    async def record(self, tenant: str, record_id: str) -> None:
        """Erase one record; raises NotFound."""
        doomed = await self._rows.mark_record(tenant, record_id)
        await self._news.erased(tenant, doomed.dataset_id, [record_id])
        await _to_its_end(self._eraser.finish_record(doomed))

    async def dataset(self, tenant: str, dataset_id: str) -> int:
        """Erase a dataset and return how many records went with it; raises NotFound."""
        count = await self._rows.mark_dataset(tenant, dataset_id)
        await self._news.erased(tenant, dataset_id, [])
        await _to_its_end(self._eraser.finish_dataset(tenant, dataset_id))
        return count


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that goes on even where the caller goes away."""
    await asyncio.shield(asyncio.ensure_future(work))
