"""How many jobs stand where, and how long the oldest waits: for operators, from the rows of all departments."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa
from prometheus_client import Gauge

from services.shared.database.engine import Database
from services.shared.database.moments import in_utc
from services.shared.errors import PlatformError
from services.shared.observability.logs import get_logger

EVERY_SECONDS: Final = 15.0

_log = get_logger(__name__)


class Census:
    """Counts rows into metrics; every replica counts the same, so charts take the largest and never the sum."""

    def __init__(
        self,
        database: Database,
        rows: sa.Table,
        states: Sequence[str],
        *,
        counts: Gauge,
        oldest_waiting: Gauge,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`rows` has a `state`, one of `states`, and an `updated_at`; those that are "queued" wait."""
        self._database = database
        self._rows = rows
        self._states = states
        self._counts = counts
        self._oldest_waiting = oldest_waiting
        self._clock = clock

    async def take(self) -> None:
        """Count once."""
        at = self._rows.c
        by_state = sa.select(at.state, sa.func.count().label("rows")).group_by(at.state)
        # What lost its worker or its turn waits anew: what counts is since when it stands as it does.
        oldest = sa.select(sa.func.min(at.updated_at)).where(at.state == "queued")
        async with self._database.session(read_only=True) as session:
            counted = {row.state: row.rows for row in await session.execute(by_state)}
            since = await session.scalar(oldest)
        for state in self._states:
            self._counts.labels(state).set(counted.get(state, 0))
        self._oldest_waiting.set(max(0.0, self._clock() - in_utc(since).timestamp()) if since else 0.0)

    async def take_for_ever(self) -> None:
        """Count every so often; a database that is away is asked again."""
        while True:
            try:
                await self.take()
            except PlatformError as error:
                _log.warning("rows_not_counted", rows=self._rows.name, code=error.code.value, detail=error.detail)
            await asyncio.sleep(EVERY_SECONDS)
