"""How many trainings stand where, and how long the oldest waits."""

import time
from collections.abc import Callable
from typing import get_args

from services.shared.database import Database
from services.shared.database.census import Census
from services.trainer.metrics import OLDEST_WAITING, TRAININGS
from services.trainer.tables import TRAININGS as ROWS
from services.trainer.trainings import State


def census_of(database: Database, *, clock: Callable[[], float] = time.time) -> Census:
    """Return what counts the trainings of all departments."""
    return Census(database, ROWS, get_args(State), counts=TRAININGS, oldest_waiting=OLDEST_WAITING, clock=clock)
