"""What the rows of measuring jobs do on every database: who may take which job when, and what is left of it."""

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
