"""How many measuring jobs stand where, and how long the oldest waits: from the rows of all departments."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, get_args

import sqlalchemy as sa

from services.shared.database import Database
from services.shared.errors import PlatformError
from services.shared.observability.logs import get_logger
from services.signal_analysis.batch.jobs import State
from services.signal_analysis.batch.ledger import utc
from services.signal_analysis.metrics import JOBS, OLDEST_WAITING
from services.signal_analysis.tables import JOBS as ROWS

EVERY_SECONDS: Final = 15.0

_log = get_logger(__name__)


class Census:
    """Counts the rows into the metrics; every replica counts the same, so charts take the largest and never the sum."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def take(self) -> None:
        """Count once."""
        by_state = sa.select(ROWS.c.state, sa.func.count().label("jobs")).group_by(ROWS.c.state)
        # A job whose turn is over waits anew: what counts is since when it stands as it does.
        oldest = sa.select(sa.func.min(ROWS.c.updated_at)).where(ROWS.c.state == "queued")
        async with self._database.session(read_only=True) as session:
            counts = {row.state: row.jobs for row in await session.execute(by_state)}
            since = await session.scalar(oldest)
        for state in get_args(State):
            JOBS.labels(state).set(counts.get(state, 0))
        OLDEST_WAITING.set(max(0.0, self._clock() - utc(since).timestamp()) if since else 0.0)

    async def take_for_ever(self) -> None:
        """Count every so often; a database that is away is asked again."""
        while True:
            try:
                await self.take()
            except PlatformError as error:
                _log.warning("jobs_not_counted", code=error.code.value, detail=error.detail)
            await asyncio.sleep(EVERY_SECONDS)
