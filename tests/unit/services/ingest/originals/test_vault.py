"""Originals put away and got back."""

from pathlib import Path

import pytest

from services.ingest import keys
from services.ingest.originals.sealing import MAGIC, Sealer, is_sealed
from services.ingest.originals.vault import Vault
from services.shared.errors import NotFound
from services.shared.storage.filesystem import FolderStore

SHA, SEALER = "ab" * 32, Sealer([b"n" * 32])
KEY = keys.original("cardiology", SHA)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.mark.parametrize("size", [0, 5, 2 << 20])
async def test_an_original_comes_back_and_lies_sealed(store: FolderStore, size: int) -> None:
    vault = Vault(store, SEALER)

    await vault.put("cardiology", SHA, b"e" * size)

    assert is_sealed(await store.get(KEY))
    assert await vault.get("cardiology", SHA) == b"e" * size


async def test_an_original_may_lie_as_it_came(store: FolderStore) -> None:
    vault = Vault(store, SEALER, seals=False)

    await vault.put("cardiology", SHA, b"ecg")

    assert await store.get(KEY) == b"ecg"
    assert await vault.get("cardiology", SHA) == b"ecg"


async def test_originals_of_before_are_read_after_the_setting_changed(store: FolderStore) -> None:
    await Vault(store, SEALER, seals=False).put("cardiology", SHA, b"plain")
    await Vault(store, SEALER).put("cardiology", "cd" * 32, b"sealed")

    assert await Vault(store, SEALER).get("cardiology", SHA) == b"plain"
    assert await Vault(store, SEALER, seals=False).get("cardiology", "cd" * 32) == b"sealed"


async def test_a_file_that_looks_sealed_comes_back_as_it_came(store: FolderStore) -> None:
    vault = Vault(store, SEALER, seals=False)

    await vault.put("cardiology", SHA, MAGIC + b"and more")

    assert await vault.get("cardiology", SHA) == MAGIC + b"and more"


async def test_what_is_not_there_is_not_found(store: FolderStore) -> None:
    with pytest.raises(NotFound):
        await Vault(store, SEALER).get("cardiology", SHA)
