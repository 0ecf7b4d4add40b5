"""How an object comes into a folder whole or not at all."""

import contextlib
import errno
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.shared.errors import AlreadyExists, Conflict, StorageFull, Unavailable

_TEMPORARY: Final = ".tmp"
_STALE_SECONDS: Final = 24 * 3600
_ATTEMPTS: Final = 5
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NewObject:
    """A temporary file beside the objects that gets its name when it is whole."""

    def __init__(self, root: Path, key: str) -> None:
        self._root = root
        self._key = key
        self._target = root / key
        self._path = root / _TEMPORARY / uuid.uuid4().hex
        with writing(key):
            try:
                self._file = self._path.open("xb")
            except FileNotFoundError:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("xb")

    def write(self, data: bytes | bytearray) -> None:
        """Append to the object."""
        with writing(self._key):
            self._file.write(data)

    def publish(self, *, if_absent: bool) -> None:
        """Make the object durable, then visible."""
        with writing(self._key):
            self._file.flush()
            os.fsync(self._file.fileno())
            for attempt in range(_ATTEMPTS):
                make_folder(self._target.parent, self._root)
                try:
                    self._name(if_absent=if_absent)
                except FileNotFoundError:
                    # A deletion took the empty folder away in between.
                    if attempt == _ATTEMPTS - 1:
                        raise
                else:
                    break
            sync_folder(self._target.parent)

    def discard(self) -> None:
        """Close the temporary file and leave nothing of it."""
        with contextlib.suppress(OSError):  # What a full disk did not take fails once more on closing.
            self._file.close()
        with writing(self._key):
            self._path.unlink(missing_ok=True)

    def _name(self, *, if_absent: bool) -> None:
        if not if_absent:
            self._path.replace(self._target)
            return
        try:
            self._target.hardlink_to(self._path)
        except FileExistsError:
            raise AlreadyExists(f"The object {self._key} exists and is not overwritten.") from None


@contextlib.contextmanager
def writing(key: str) -> Iterator[None]:
    """Turn what the file system says on a write into what the port says."""
    try:
        yield
    except (NotADirectoryError, IsADirectoryError, FileExistsError):
        raise Conflict(f"The object {key} cannot stand beside one whose key is its folder; take another key.") from None
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("The disk that holds the objects is full; free some space and try again.") from error
        raise Unavailable(f"The folder of objects cannot be written to: {error.strerror}.") from error


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder below the root durably: each new name is synced in its parent."""
    if folder.is_dir():
        return
    if folder == root:
        folder.mkdir(parents=True, exist_ok=True)
        return
    make_folder(folder.parent, root)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(root: Path) -> None:
    """Remove what writers that were killed left behind; writers that live are younger."""
    oldest = time.time() - _STALE_SECONDS
    for path in (root / _TEMPORARY).glob("*"):
        with contextlib.suppress(FileNotFoundError):  # Another process sweeps as well.
            if path.stat().st_mtime < oldest:
                path.unlink()
