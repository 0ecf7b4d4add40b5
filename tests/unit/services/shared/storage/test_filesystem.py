import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.shared.errors import Conflict, NotFound, StorageFull, Unavailable
from services.shared.storage.filesystem import FolderStore
from tests.contract.storage import long_stream


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FolderStore]:
    store = FolderStore(tmp_path / "objects")
    yield store
    await store.close()


@pytest.fixture
def small_files() -> Iterator[int]:
    """The kernel takes no file longer than this: what a quota or a full disk looks like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    yield 1 << 20
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_is_told_and_leaves_nothing(store: FolderStore, tmp_path: Path, small_files: int) -> None:
    with pytest.raises(StorageFull):
        await store.put("a/b", bytes(small_files + 1))
    with pytest.raises(StorageFull):
        await store.put("a/c", long_stream(9 << 20))

    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_an_object_cannot_be_the_folder_of_another(store: FolderStore) -> None:
    await store.put("a/b", b"x")

    with pytest.raises(Conflict):
        await store.put("a", b"y")
    with pytest.raises(Conflict):
        await store.put("a/b/c", b"y")
    with pytest.raises(NotFound):
        await store.get("a")
    with pytest.raises(NotFound):
        await store.get("a/b/c")

    assert await store.get("a/b") == b"x"


async def test_deleting_the_last_object_frees_the_folder(store: FolderStore, tmp_path: Path) -> None:
    await store.put("a/b/c", b"x")
    await store.put("a/d", b"x")

    await store.delete("a/b/c")
    await store.put("a/b", b"an object where a folder was")

    assert sorted(path.name for path in (tmp_path / "objects" / "a").iterdir()) == ["b", "d"]


async def test_a_place_that_is_no_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file" / "objects")

    with pytest.raises(Unavailable):
        await store.ping()

    await store.close()


async def test_what_a_killed_writer_left_is_swept_after_a_day(store: FolderStore, tmp_path: Path) -> None:
    await store.put("a", b"x")
    old, young = tmp_path / "objects" / ".tmp" / "old", tmp_path / "objects" / ".tmp" / "young"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (0, time.time() - 25 * 3600))

    await store.ping()

    assert not old.exists()
    assert young.exists()
    assert [info.key async for info in store.list("")] == ["a"]
