"""How many measuring jobs stand where, as operators see it."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.shared.database import Database
from services.signal_analysis.batch.census import census_of
from services.signal_analysis.batch.jobs import Job, State
from services.signal_analysis.batch.ledger import SqlJobs
from services.signal_analysis.metrics import JOBS, OLDEST_WAITING
from tests.unit.services.signal_analysis.batch.rooms import job


def counted(state: State) -> float:
    return float(JOBS.labels(state)._value.get())


def just_asked(job_id: str, tenant: str) -> Job:
    now = datetime.now(UTC)
    return replace(job(job_id, tenant), created_at=now, updated_at=now)


async def test_jobs_of_all_departments_are_counted_by_state(database: Database) -> None:
    jobs = SqlJobs(database)
    for tenant in ("cardiology", "radiology", "surgery", "neurology"):
        await jobs.create(just_asked(tenant, tenant))
    for state in ("failed", ""):
        claimed = await jobs.claim("w", seconds=60, max_attempts=3, engine="1")
        assert claimed is not None
        if state:
            await jobs.end(claimed, "w", state)

    await census_of(database).take()

    assert [counted(state) for state in ("queued", "running", "failed", "succeeded", "cancelled")] == [2, 1, 1, 0, 0]


async def test_the_longest_wait_is_told_and_forgotten(database: Database) -> None:
    jobs = SqlJobs(database)
    census = census_of(database, clock=lambda: time.time() + timedelta(hours=2).total_seconds())
    await jobs.create(just_asked("j1", "cardiology"))

    await census.take()
    waited = OLDEST_WAITING._value.get()
    await jobs.request_cancel("cardiology", "j1")
    await census.take()

    assert 7200 <= waited < 7260
    assert OLDEST_WAITING._value.get() == 0
