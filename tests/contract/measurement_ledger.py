"""What the rows of measuring jobs do on every database: who may take which job when, and what is left of it."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.shared.database import Database
from services.shared.errors import Conflict, NotFound
from services.signal_analysis.batch.jobs import Counts, Job
from services.signal_analysis.batch.ledger import SqlJobs


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(job_id: str, dataset_id: str = "d1", tenant: str = "cardiology") -> Job:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Job(job_id, tenant, "kim", dataset_id, "queued", now, now, "1")


async def claimed(jobs: SqlJobs, worker: str = "w1", max_attempts: int = 3) -> Job | None:
    return await jobs.claim(worker, seconds=60, max_attempts=max_attempts, engine="1")


async def turn(jobs: SqlJobs, clock: Clock, worker: str = "w1") -> str:
    """Have a worker at the job whose turn it is, and let it wait again after a minute."""
    job = await taken(jobs, worker)
    clock.now += 60
    await jobs.keep(job, worker, Counts(), seconds=60)
    await jobs.give_back(job, worker, seconds=0, excused=True)
    clock.now += 1
    return job.job_id


async def taken(jobs: SqlJobs, worker: str = "w1") -> Job:
    job = await claimed(jobs, worker)
    assert job is not None
    return job


class MeasurementLedgerContract:
    """Run on every database, with a fixture `database` that is migrated and empty."""

    async def test_a_job_comes_back_as_it_was_asked_for(self, database: Database) -> None:
        jobs = SqlJobs(database)

        created = await jobs.create(asked("j1"))

        assert await jobs.get("cardiology", "j1") == created
        assert (created.state, created.dataset_id, created.created_at) == ("queued", "d1", asked("j1").created_at)

    async def test_a_dataset_is_measured_once_at_a_time(self, database: Database) -> None:
        jobs = SqlJobs(database)
        first = await jobs.create(asked("j1"))

        second = await jobs.create(asked("j2"))
        elsewhere = await jobs.create(asked("j3", tenant="radiology"))

        assert second.job_id == first.job_id
        assert elsewhere.job_id == "j3"

    async def test_another_tenants_job_does_not_exist(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))

        with pytest.raises(NotFound):
            await jobs.get("radiology", "j1")
        with pytest.raises(NotFound):
            await jobs.request_cancel("radiology", "j1")
        assert await jobs.page("radiology", before=None, limit=9) == []

    async def test_the_list_is_newest_first_and_goes_on_where_it_stopped(self, database: Database) -> None:
        jobs = SqlJobs(database)
        for name in ("j1", "j2", "j3"):
            await jobs.create(asked(name, f"d-{name}"))

        page = await jobs.page("cardiology", before=None, limit=2)
        rest = await jobs.page("cardiology", before=page[-1].row, limit=2)

        assert [job.job_id for job in (*page, *rest)] == ["j3", "j2", "j1"]

    async def test_a_job_that_was_taken_is_nobody_elses_until_its_worker_falls_silent(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("j1"))
        first = await taken(jobs)

        assert await claimed(jobs, "w2") is None
        clock.now += 61
        second = await taken(jobs, "w2")

        assert (first.attempts, second.attempts) == (1, 2)
        with pytest.raises(Conflict):
            await jobs.keep(first, "w1", Counts(), seconds=60)

    async def test_progress_renews_the_lease(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("j1"))
        job = await taken(jobs)
        clock.now += 50

        goes_on = await jobs.keep(job, "w1", Counts(100, 40, 30, 1), seconds=60)
        clock.now += 50

        assert goes_on
        assert await claimed(jobs, "w2") is None
        assert (await jobs.get("cardiology", "j1")).counts == Counts(100, 40, 30, 1)

    async def test_a_job_whose_workers_are_lost_again_and_again_fails(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("j1"))
        for _ in range(3):
            assert await claimed(jobs) is not None
            clock.now += 61

        assert await claimed(jobs) is None
        job = await jobs.get("cardiology", "j1")

        assert job.state == "failed"
        assert "worker was lost" in job.error_detail

    async def test_an_excused_attempt_does_not_count(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("j1"))
        for _ in range(5):
            await jobs.give_back(await taken(jobs), "w1", seconds=15, excused=True)
            assert await claimed(jobs) is None
            clock.now += 16

        assert (await taken(jobs)).attempts == 1

    async def test_a_waiting_job_is_cancelled_at_once(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))

        assert (await jobs.request_cancel("cardiology", "j1")).state == "cancelled"
        assert await claimed(jobs) is None
        with pytest.raises(Conflict, match="cancelled already"):
            await jobs.request_cancel("cardiology", "j1")

    async def test_the_worker_of_a_running_job_is_asked_to_stop(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))
        job = await taken(jobs)

        assert (await jobs.request_cancel("cardiology", "j1")).state == "running"
        assert not await jobs.keep(job, "w1", Counts(), seconds=60)

    async def test_only_its_worker_ends_a_job(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))
        job = await taken(jobs)

        await jobs.end(job, "w2", "failed", "No.")
        await jobs.end(job, "w1", "succeeded")

        assert (await jobs.get("cardiology", "j1")).state == "succeeded"

    async def test_older_jobs_of_a_dataset_are_told_and_forgotten(self, database: Database) -> None:
        jobs = SqlJobs(database)
        for number in range(4):
            await jobs.create(asked(f"j{number}"))
            await jobs.end(await taken(jobs), "w1", "succeeded")

        older = await jobs.older_ended(asked("j"), keep=2)
        await jobs.forget(older)

        assert [job.job_id for job in older] == ["j1", "j0"]
        assert [job.job_id for job in await jobs.page("cardiology", before=None, limit=9)] == ["j3", "j2"]

    async def test_a_dataset_that_is_gone_is_forgotten(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))
        await jobs.create(asked("j2", "d2"))

        assert await jobs.forget_dataset("cardiology", "d1") == 1
        assert [job.job_id for job in await jobs.page("cardiology", before=None, limit=9)] == ["j2"]

    async def test_each_dataset_is_looked_for_once_in_a_while(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        for number in range(3):
            await jobs.create(asked(f"j{number}", f"d{number % 2}"))
            await jobs.end(await taken(jobs), "w1", "succeeded")

        soon = await jobs.unchecked(older_than_s=3600, limit=9)
        clock.now += 3601
        later = await jobs.unchecked(older_than_s=3600, limit=9)
        again = await jobs.unchecked(older_than_s=3600, limit=9)

        assert (soon, again) == ([], [])
        assert {job.dataset_id for job in later} == {"d0", "d1"}

    async def test_departments_take_turns_whoever_came_first(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        for number in range(3):
            await jobs.create(asked(f"c{number}", f"d{number}"))
        await jobs.create(asked("r0", tenant="radiology"))
        await jobs.create(asked("s0", tenant="surgery"))

        turns = [await turn(jobs, clock) for _ in range(6)]

        assert turns == ["c0", "r0", "s0", "c0", "r0", "s0"]

    async def test_turns_are_remembered_by_the_rows(self, database: Database) -> None:
        clock = Clock()
        for tenant in ("cardiology", "radiology"):
            for number in range(2):
                await SqlJobs(database).create(asked(f"{tenant[0]}{number}", f"d{number}", tenant))
        first = SqlJobs(database, clock=clock)
        await first.end(await taken(first), "w1", "succeeded")
        clock.now += 1

        turns = [await turn(SqlJobs(database, clock=clock), clock, f"w{number}") for number in range(3)]

        assert turns == ["r0", "c1", "r0"]

    async def test_replicas_that_come_at_once_take_each_job_once(self, database: Database) -> None:
        jobs = SqlJobs(database)
        for tenant in ("cardiology", "radiology", "surgery"):
            for number in range(2):
                await jobs.create(asked(f"{tenant[0]}{number}", f"d{number}", tenant))

        found = await asyncio.gather(*(claimed(jobs, f"w{number}") for number in range(6)))
        rest = [await claimed(jobs, f"v{number}") for number in range(6)]

        names = [job.job_id for job in (*found, *rest) if job is not None]
        assert sorted(names) == ["c0", "c1", "r0", "r1", "s0", "s1"]

    async def test_a_department_waits_where_no_worker_is_at_work_for_it(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("c0"))
        await jobs.create(asked("c1", "d2"))
        first = await taken(jobs)
        alone = await jobs.others_wait()
        await jobs.create(asked("r0", tenant="radiology"))

        waits = await jobs.others_wait()
        await taken(jobs, "w2")
        served = await jobs.others_wait()
        clock.now += 61
        await jobs.keep(first, "w1", Counts(), seconds=60)

        assert (alone, waits, served) == (False, True, False)
        assert await jobs.others_wait()  # The worker of radiology fell silent.

    async def test_a_department_that_is_put_off_keeps_nobody_from_work(self, database: Database) -> None:
        clock = Clock()
        jobs = SqlJobs(database, clock=clock)
        await jobs.create(asked("r0", tenant="radiology"))
        await jobs.give_back(await taken(jobs), "w1", seconds=15, excused=True)
        await jobs.create(asked("c0"))

        assert (await taken(jobs)).job_id == "c0"
        assert not await jobs.others_wait()

    async def test_a_job_given_back_that_was_to_stop_has_stopped(self, database: Database) -> None:
        jobs = SqlJobs(database)
        await jobs.create(asked("j1"))
        job = await taken(jobs)
        await jobs.request_cancel("cardiology", "j1")

        await jobs.give_back(job, "w1", seconds=0, excused=True)

        assert (await jobs.get("cardiology", "j1")).state == "cancelled"
