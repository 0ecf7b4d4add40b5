from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.services.exchange.house import House, opened


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = await opened(tmp_path)
    yield made
    await made.database.close()
    await made.store.close()
