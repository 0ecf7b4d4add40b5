"""Fixtures of the trainer's room."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.shared.database import Database
from services.shared.storage.filesystem import FolderStore
from tests.unit.services.trainer.rooms import folder_store, open_rows


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FolderStore]:
    opened = folder_store(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_rows(tmp_path)
    yield opened
    await opened.close()
