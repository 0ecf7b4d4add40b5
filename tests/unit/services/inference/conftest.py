from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.shared.storage.filesystem import FolderStore


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FolderStore]:
    folder = FolderStore(tmp_path)
    yield folder
    await folder.close()
