"""How many measuring jobs stand where, and how long the oldest waits."""

import time
from collections.abc import Callable
from typing import get_args

from services.shared.database import Database
from services.shared.database.census import Census
from services.signal_analysis.batch.jobs import State
from services.signal_analysis.metrics import JOBS, OLDEST_WAITING
from services.signal_analysis.tables import JOBS as ROWS


def census_of(database: Database, *, clock: Callable[[], float] = time.time) -> Census:
    """Return what counts the jobs of all departments."""
    return Census(database, ROWS, get_args(State), counts=JOBS, oldest_waiting=OLDEST_WAITING, clock=clock)
