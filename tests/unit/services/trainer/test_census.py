"""How many trainings stand where, as operators see it."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.shared.database import Database
from services.trainer.census import census_of
from services.trainer.ledger import SqlTrainings
from services.trainer.metrics import OLDEST_WAITING, TRAININGS
from services.trainer.trainings import State, Training, TrainingSpec

NOW = datetime.now(UTC)
ASKED_FOR = Training("t1", "cardiology", "kim", TrainingSpec("sign", "d1"), "queued", NOW, NOW)


def counted(state: State) -> float:
    return float(TRAININGS.labels(state)._value.get())


async def test_trainings_of_all_departments_are_counted_by_state(database: Database) -> None:
    trainings = SqlTrainings(database)
    for number, tenant in enumerate(("cardiology", "cardiology", "neurology")):
        await trainings.create(replace(ASKED_FOR, training_id=f"t{number}", tenant=tenant))
    await trainings.fail("t0", "It had too few labels.")

    await census_of(database).take()

    assert (counted("queued"), counted("failed"), counted("running")) == (2, 1, 0)


async def test_the_longest_wait_is_told_and_forgotten(database: Database) -> None:
    trainings = SqlTrainings(database)
    census = census_of(database, clock=lambda: time.time() + timedelta(hours=2).total_seconds())
    await trainings.create(ASKED_FOR)

    await census.take()
    waited = OLDEST_WAITING._value.get()
    await trainings.request_cancel("cardiology", "t1")
    await census.take()

    assert 7200 <= waited < 7260
    assert OLDEST_WAITING._value.get() == 0
