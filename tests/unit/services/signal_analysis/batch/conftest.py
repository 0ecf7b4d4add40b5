"""Fixtures of jobs that measure datasets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.shared.database import Database, migrate, open_database
from services.shared.settings import DatabaseSettings
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.batch import progress, run
from services.signal_analysis.bootstrap import MIGRATIONS
from tests.unit.services.signal_analysis.batch.rooms import Ground


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PART_RECORDS", 2)
    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/jobs.sqlite"
    opened = open_database(DatabaseSettings.model_validate({"url": url}))
    await migrate(opened, "signal_analysis", MIGRATIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def ground(database: Database, tmp_path: Path) -> AsyncIterator[Ground]:
    store = FolderStore(tmp_path / "objects")
    yield Ground(database, store)
    await store.close()
