"""Finishes what a crash or an outage interrupted."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final

from services.ingest.catalog.erasures import Erasures
from services.ingest.erasing.eraser import Eraser
from services.ingest.metrics import SWEPT
from services.ingest.tables import ERASER
from services.shared.errors import PlatformError
from services.shared.observability import metrics
from services.shared.observability.logs import get_logger

_BATCH: Final = 1000
_ERASER_AGE: Final = timedelta(seconds=60)
"""Erasers hold their claims for moments; one this old belongs to a process that is gone."""

_log = get_logger(__name__)


class Sweep:
    """Looks, when the service starts and then regularly, for erasures and uploads that did not come to their end."""

    def __init__(self, rows: Erasures, eraser: Eraser, *, every_seconds: float, orphan_seconds: float) -> None:
        self._rows = rows
        self._eraser = eraser
        self._every_seconds = every_seconds
        self._orphan_age = timedelta(seconds=orphan_seconds)

    async def run(self) -> None:
        """Sweep until cancelled; what fails is tried again the next time."""
        while True:
            try:
                await self.once()
            except PlatformError as error:
                _log.warning("sweep_failed", code=error.code.value, detail=error.detail)
            else:
                metrics.SWEPT.labels("erasures").set_to_current_time()
            await asyncio.sleep(self._every_seconds)

    async def once(self) -> None:
        """Finish every erasure that is marked, and delete what uploads left behind."""
        now = datetime.now(UTC)
        for claim in await self._rows.claims_before(now - min(self._orphan_age, _ERASER_AGE)):
            if claim.holder == ERASER or claim.since < now - self._orphan_age:
                _log.warning("claim_left_behind", key=claim.key)
                SWEPT.inc()
                await _tried(self._eraser.drop(claim.key, holder=claim.holder))
        for tenant, dataset_id in await self._rows.doomed_datasets():
            await _tried(self._eraser.finish_dataset(tenant, dataset_id))
        for doomed in await self._rows.doomed_records(_BATCH):
            await _tried(self._eraser.finish_record(doomed))


async def _tried(step: Awaitable[None]) -> None:
    """Wait for one step; where it fails, the others go on and it comes again with the next sweep."""
    try:
        await step
    except PlatformError as error:
        _log.warning("sweep_step_failed", code=error.code.value, detail=error.detail)
