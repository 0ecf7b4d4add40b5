"""Replicas at the jobs of several departments at once, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.shared.database import Database, migrate, open_database
from services.shared.settings import DatabaseSettings
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.batch import progress, run
from services.signal_analysis.batch.ledger import SqlJobs
from services.signal_analysis.batch.worker import Worker
from services.signal_analysis.bootstrap import MIGRATIONS
from tests.unit.services.signal_analysis.batch.rooms import Ground, job, known

DEPARTMENTS = ("cardiology", "radiology", "surgery")
ECGS = 12


async def all_ended(ground: Ground) -> bool:
    pages = [await ground.jobs.page(tenant, before=None, limit=9) for tenant in DEPARTMENTS]
    return all(each.ended for page in pages for each in page)


async def replicas_at_once(ground: Ground, workers: list[Worker]) -> None:
    """Let replicas work until every job has ended."""

    async def work(worker: Worker) -> None:
        while not await all_ended(ground):
            await worker.work_once()

    await asyncio.gather(*(work(worker) for worker in workers))


class TurnsContract:
    """Run on every database, with a fixture `database` that is migrated and empty."""

    @pytest.fixture
    async def ground(
        self, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[Ground]:
        monkeypatch.setattr(run, "PART_RECORDS", 2)
        monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)
        store = FolderStore(tmp_path / "objects")
        ground = Ground(database, store)
        ground.jobs = SqlJobs(database)
        ground.ward.living = [known(number) for number in range(ECGS)]
        for tenant in DEPARTMENTS:
            await ground.jobs.create(job(f"{tenant}-1", tenant))
            await ground.jobs.create(job(f"{tenant}-2", tenant, "d2"))
        yield ground
        await store.close()

    async def test_every_ecg_is_measured_once_however_often_turns_change(self, ground: Ground) -> None:
        async with asyncio.timeout(60):
            await replicas_at_once(ground, [ground.replica(turn_seconds=1e-9) for _ in range(2)])

        for tenant in DEPARTMENTS:
            for each in await ground.jobs.page(tenant, before=None, limit=9):
                assert (each.state, each.counts.done, each.counts.reused, each.attempts) == ("succeeded", ECGS, 0, 1)
        assert len(ground.bench.measured_levels) == 2 * len(DEPARTMENTS) * ECGS

    async def test_a_replica_lost_in_its_turn_costs_no_department_its_job(self, ground: Ground) -> None:
        lost = await ground.jobs.claim("lost", seconds=0.5, max_attempts=3, engine="1")
        assert lost is not None

        async with asyncio.timeout(60):
            await replicas_at_once(ground, [ground.replica(turn_seconds=1e-9)])

        states = [(await ground.jobs.get(tenant, f"{tenant}-1")).state for tenant in DEPARTMENTS]
        assert states == ["succeeded"] * len(DEPARTMENTS)


class TestSqlite(TurnsContract):
    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        opened = open_database(DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{tmp_path}/jobs.sqlite"}))
        await migrate(opened, "signal_analysis", MIGRATIONS)
        yield opened
        await opened.close()


@pytest.mark.integration
class TestPostgres(TurnsContract):
    @pytest.fixture
    async def database(self, database_url: str) -> AsyncIterator[Database]:
        opened = open_database(DatabaseSettings.model_validate({"url": database_url}))
        await migrate(opened, "signal_analysis", MIGRATIONS)
        yield opened
        await opened.close()
