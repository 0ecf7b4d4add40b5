"""What the rows of trainings do on every database: who may take a training when, and what is told of it."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.shared.database import Database
from services.shared.errors import Conflict, NotFound
from services.trainer.ledger import SqlTrainings
from services.trainer.trainings import ModelName, Training, TrainingSpec, later_by
from services.trainer.worker.lease import Lease


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(training_id: str, tenant: str = "cardiology") -> Training:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    spec = TrainingSpec("m", "d", architecture="inception_time", base_model=ModelName("b", "2")).with_defaults()
    return Training(training_id, tenant, "kim", spec, "queued", now, now)


def lease(database: Database, training_id: str, clock: Clock, worker: str = "w1") -> Lease:
    return Lease(database, training_id, worker, seconds=60, clock=clock)


class LedgerContract:
    """Run on every database, with a fixture `database` that is migrated and empty."""

    async def test_a_training_comes_back_as_it_was_asked_for(self, database: Database) -> None:
        trainings = SqlTrainings(database)

        created = await trainings.create(asked("t1"))
        found = await trainings.get("cardiology", "t1")

        assert found == created
        assert found.spec == asked("t1").spec
        assert found.created_at == asked("t1").created_at
        assert [each.payload for each in await trainings.events("t1", after=0, limit=9)] == [{"state": "queued"}]

    async def test_another_tenants_training_does_not_exist(self, database: Database) -> None:
        trainings = SqlTrainings(database)
        await trainings.create(asked("t1"))

        with pytest.raises(NotFound):
            await trainings.get("radiology", "t1")
        with pytest.raises(NotFound):
            await trainings.request_cancel("radiology", "t1")
        assert await trainings.page("radiology", before=None, limit=9) == []

    async def test_the_list_is_newest_first_and_goes_on_where_it_stopped(self, database: Database) -> None:
        trainings = SqlTrainings(database)
        for name in ("t1", "t2", "t3"):
            await trainings.create(asked(name))

        first = await trainings.page("cardiology", before=None, limit=2)
        rest = await trainings.page("cardiology", before=first[-1].row, limit=2)

        assert [each.training_id for each in (*first, *rest)] == ["t3", "t2", "t1"]

    async def test_a_waiting_training_is_launched_once_and_the_oldest_first(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        for name in ("t1", "t2"):
            await trainings.create(asked(name))

        first = await trainings.claim_launch(seconds=30, at_once=1)
        full = await trainings.claim_launch(seconds=30, at_once=1)
        second = await trainings.claim_launch(seconds=30, at_once=None)
        nothing = await trainings.claim_launch(seconds=30, at_once=None)

        assert first is not None
        assert second is not None
        assert (first.training_id, first.attempts, second.training_id) == ("t1", 1, "t2")
        assert full is nothing is None

    async def test_a_worker_that_never_claims_is_replaced(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        await trainings.claim_launch(seconds=30, at_once=1)

        clock.now += 31
        again = await trainings.claim_launch(seconds=30, at_once=1)

        assert again is not None
        assert again.attempts == 2

    async def test_one_of_two_workers_gets_the_training(self, database: Database) -> None:
        clock = Clock()
        await SqlTrainings(database, clock=clock).create(asked("t1"))

        first = await lease(database, "t1", clock, "w1").claim()
        second = await lease(database, "t1", clock, "w2").claim()

        assert first is not None
        assert first.state == "running"
        assert second is None

    async def test_a_silent_worker_loses_its_training_to_the_next(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        await trainings.claim_launch(seconds=30, at_once=1)
        first = lease(database, "t1", clock, "w1")
        await first.claim()

        clock.now += 59
        kept = await trainings.requeue_lost(max_attempts=3)
        clock.now += 2
        lost = await trainings.requeue_lost(max_attempts=3)
        second = lease(database, "t1", clock, "w2")
        await second.claim()

        assert kept == []
        assert [each.training_id for each in lost] == ["t1"]
        assert await first.renew() is None
        assert not await first.tell("log", {"text": "late"})
        assert not await first.end("exported")
        assert await second.renew() is False
        assert (await trainings.get("cardiology", "t1")).state == "running"

    async def test_a_training_that_loses_too_many_workers_has_failed_and_says_so(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        for _ in range(2):
            await trainings.claim_launch(seconds=30, at_once=1)
            await lease(database, "t1", clock).claim()
            clock.now += 100
            await trainings.requeue_lost(max_attempts=2)
            clock.now += 100

        found = await trainings.get("cardiology", "t1")

        assert found.state == "failed"
        assert "started 2 times" in found.error_detail

    async def test_a_worker_that_never_comes_up_ends_in_failure(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        for _ in range(2):
            await trainings.claim_launch(seconds=30, at_once=1)
            clock.now += 31

        await trainings.requeue_lost(max_attempts=2)

        assert (await trainings.get("cardiology", "t1")).state == "failed"

    async def test_a_waiting_training_is_cancelled_at_once_and_a_running_one_by_its_worker(
        self, database: Database
    ) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        for name in ("t1", "t2"):
            await trainings.create(asked(name))
        worker = lease(database, "t2", clock)
        await worker.claim()

        waiting = await trainings.request_cancel("cardiology", "t1")
        running = await trainings.request_cancel("cardiology", "t2")

        assert waiting.state == "cancelled"
        assert (running.state, running.cancel_requested) == ("running", True)
        assert await worker.renew() is True
        assert await worker.end("cancelled")
        with pytest.raises(Conflict, match="cancelled already"):
            await trainings.request_cancel("cardiology", "t2")
        assert await lease(database, "t1", clock).claim() is None

    async def test_a_lost_worker_of_a_cancelled_training_is_not_replaced(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        await lease(database, "t1", clock).claim()
        await trainings.request_cancel("cardiology", "t1")

        clock.now += 100
        await trainings.requeue_lost(max_attempts=3)

        assert (await trainings.get("cardiology", "t1")).state == "cancelled"

    async def test_events_are_numbered_without_gaps_and_epochs_counted(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        worker = lease(database, "t1", clock)
        await worker.claim()
        await worker.tell("epoch", {"epoch": 1}, epochs_done=1)
        await worker.end("exported")
        await trainings.succeed("t1", ModelName("m", "4"))

        events = await trainings.events("t1", after=1, limit=9)
        found = await trainings.get("cardiology", "t1")

        assert [each.sequence for each in events] == [2, 3, 4, 5]
        assert [each.payload.get("state", "") for each in events] == ["running", "", "exported", "succeeded"]
        assert (found.state, found.epochs_done, found.model) == ("succeeded", 1, ModelName("m", "4"))

    async def test_what_has_ended_does_not_fail_any_more(self, database: Database) -> None:
        trainings = SqlTrainings(database)
        await trainings.create(asked("t1"))
        await trainings.request_cancel("cardiology", "t1")

        await trainings.fail("t1", "too late")

        assert (await trainings.get("cardiology", "t1")).state == "cancelled"

    async def test_a_training_given_back_waits_again(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        await trainings.claim_launch(seconds=30, at_once=1)
        worker = lease(database, "t1", clock)
        await worker.claim()

        await worker.give_back("The object store does not answer.")
        too_early = await trainings.claim_launch(seconds=30, at_once=1)
        clock.now += later_by(1) + 1
        again = await trainings.claim_launch(seconds=30, at_once=1)

        assert too_early is None
        assert again is not None
        assert again.attempts == 2

    async def test_dispatchers_that_come_together_get_different_trainings(self, database: Database) -> None:
        trainings = SqlTrainings(database)
        for name in ("t1", "t2", "t3"):
            await trainings.create(asked(name))

        claimed = await asyncio.gather(*(trainings.claim_launch(seconds=30, at_once=None) for _ in range(3)))

        names = [each.training_id for each in claimed if each is not None]
        assert len(names) == len(set(names)) > 0

    async def test_events_told_together_keep_their_numbers_apart(self, database: Database) -> None:
        clock = Clock()
        trainings = SqlTrainings(database, clock=clock)
        await trainings.create(asked("t1"))
        worker = lease(database, "t1", clock)
        await worker.claim()

        await asyncio.gather(*(worker.tell("log", {"number": number}) for number in range(8)))

        events = await trainings.events("t1", after=2, limit=99)
        assert [each.sequence for each in events] == list(range(3, 11))
        assert sorted(each.payload["number"] for each in events) == list(range(8))
