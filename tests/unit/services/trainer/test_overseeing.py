"""What becomes of trainings and of their workers as the launcher finds them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.shared.database import Database
from services.shared.errors import Unavailable
from services.shared.storage.filesystem import FolderStore
from services.trainer.dispatching import Dispatcher
from services.trainer.ledger import SqlTrainings
from services.trainer.ports import Standing, Workers
from services.trainer.trainings import State, Training, TrainingSpec, later_by
from services.trainer.worker.lease import Lease
from tests.unit.services.trainer.rooms import CALLER, Announcements, Models, Started


@dataclass
class Hall:
    """A trainer that has started the workers of one training."""

    database: Database
    dispatcher: Dispatcher
    launcher: Started
    clock: list[float]
    trainings: SqlTrainings
    told: Announcements = field(default_factory=Announcements)

    async def ask(self, name: str = "t1") -> None:
        now = datetime.now(UTC)
        spec = TrainingSpec("m", "d", architecture="inception_time").with_defaults()
        await self.trainings.create(Training(name, CALLER.tenant, "kim", spec, "queued", now, now))

    async def found(self, name: str = "t1") -> Training:
        return await self.trainings.get(CALLER.tenant, name)

    def lease(self, worker: str = "w", launch: int | None = None) -> Lease:
        return Lease(self.database, "t1", worker, seconds=60, launch=launch, clock=lambda: self.clock[0])

    def stand(self, standing: Standing, reason: str = "", *, launch: int = 1, excused: bool = False) -> Workers:
        found = Workers(f"t1-{launch}", "t1", launch, standing, reason, excused=excused)
        self.launcher.there = [found]
        return found


@pytest.fixture
def hall(store: FolderStore, database: Database) -> Hall:
    clock, launcher = [1000.0], Started()
    trainings = SqlTrainings(database, clock=lambda: clock[0])
    dispatcher = Dispatcher(
        trainings,
        launcher,
        Models(),
        store,
        Announcements(),
        launch_seconds=60,
        workers_at_once=None,
        max_attempts=2,
    )
    return Hall(database, dispatcher, launcher, clock, trainings)


async def test_workers_that_wait_for_a_place_keep_their_training_and_say_why(hall: Hall) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    hall.stand("waiting", "No node has a GPU.")

    for _ in range(5):
        await hall.dispatcher.sweep()
        hall.clock[0] += 50

    found = await hall.found()
    assert (found.state, found.attempts, found.waiting_for) == ("queued", 1, "No node has a GPU.")
    assert hall.launcher.launched == ["t1"]
    told = [each.payload for each in await hall.trainings.events("t1", after=1, limit=9)]
    assert told == [{"waiting_for": "No node has a GPU."}]


async def test_what_a_training_waited_for_is_forgotten_once_a_worker_is_at_it(hall: Hall) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    hall.stand("waiting", "No node has a GPU.")
    await hall.dispatcher.sweep()

    await hall.lease(launch=1).claim()

    assert (await hall.found()).waiting_for == ""


async def test_workers_that_run_and_never_claim_are_replaced_and_removed(hall: Hall) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    stuck = hall.stand("working")

    hall.clock[0] += 61
    for _ in range(2):
        await hall.dispatcher.sweep()

    assert (await hall.found()).launches == 2
    assert hall.launcher.removed[0] == stuck


@pytest.mark.parametrize(("excused", "attempts"), [(False, 1), (True, 0)])
async def test_failed_workers_are_replaced_and_cost_an_attempt_unless_the_nodes_are_to_blame(
    hall: Hall, *, excused: bool, attempts: int
) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    await hall.lease(launch=1).claim()
    hall.stand("failed", "The node was drained.", excused=excused)

    await hall.dispatcher.sweep()
    at_once = (await hall.found()).launches
    hall.clock[0] += later_by(1) + 1
    await hall.dispatcher.sweep()

    found = await hall.found()
    assert at_once == 1 + excused
    assert (found.state, found.attempts, found.launches) == ("queued", attempts + 1, 2)
    assert hall.launcher.launched == ["t1", "t1"]
    assert hall.launcher.removed == []
    assert await hall.lease("late", launch=1).claim() is None
    assert await hall.lease("next", launch=2).claim() is not None


async def test_workers_that_fail_too_often_end_the_training_with_what_they_died_of(hall: Hall) -> None:
    await hall.ask()
    for launch in (1, 2):
        await hall.dispatcher.sweep()
        hall.stand("failed", "It needed more memory.", launch=launch)
        await hall.dispatcher.sweep()
        hall.clock[0] += later_by(launch) + 1

    found = await hall.found()
    assert found.state == "failed"
    assert "started 2 times" in found.error_detail
    assert "It needed more memory." in found.error_detail


async def test_workers_that_gave_their_training_back_are_not_lost_a_second_time(hall: Hall) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    worker = hall.lease(launch=1)
    await worker.claim()
    await worker.give_back("The machine asked the worker to leave.", counts=False)
    hall.stand("failed", "The worker's job failed.")

    await hall.dispatcher.sweep()

    found = await hall.found()
    assert (found.state, found.attempts, found.launches) == ("queued", 1, 2)


@pytest.mark.parametrize("standing", ["waiting", "done", "failed"])
async def test_a_cancelled_training_leaves_no_workers(hall: Hall, standing: Standing) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    left = hall.stand(standing)
    await hall.trainings.request_cancel(CALLER.tenant, "t1")

    await hall.dispatcher.sweep()

    assert hall.launcher.removed == [left]


@pytest.mark.parametrize(("state", "standing", "gone"), [
    ("exported", "working", False), ("exported", "done", True),
    ("failed", "failed", False), ("failed", "waiting", True),
])  # fmt: skip
async def test_workers_end_by_themselves_and_failed_ones_stay_to_be_looked_at(
    hall: Hall, state: State, standing: Standing, *, gone: bool
) -> None:
    await hall.ask()
    await hall.dispatcher.sweep()
    worker = hall.lease(launch=1)
    await worker.claim()
    await worker.end(state)
    left = hall.stand(standing)

    await hall.dispatcher._overseer.look()

    assert hall.launcher.removed == ([left] if gone else [])


async def test_a_launch_that_fails_costs_nothing_and_says_why_the_training_waits(hall: Hall) -> None:
    await hall.ask()
    hall.launcher.fault = Unavailable("The quota is used up.")

    for _ in range(3):
        await hall.dispatcher.sweep()

    found = await hall.found()
    assert (found.state, found.attempts, found.launches) == ("queued", 0, 0)
    assert found.waiting_for == "The quota is used up."


async def test_a_training_of_other_rows_is_left_alone(hall: Hall) -> None:
    hall.stand("working")

    await hall.dispatcher.sweep()

    assert hall.launcher.removed == []


async def test_a_training_that_waits_for_another_says_so(store: FolderStore, hall: Hall) -> None:
    one_at_once = Dispatcher(
        hall.trainings, hall.launcher, Models(), store, hall.told, launch_seconds=60, workers_at_once=1, max_attempts=2
    )
    await hall.ask("t1")
    await hall.ask("t2")

    await one_at_once.sweep()

    assert (await hall.found("t1")).waiting_for == ""
    assert "no more than 1" in (await hall.found("t2")).waiting_for
    assert hall.told.news == [f"{CALLER.tenant}/t2"]
