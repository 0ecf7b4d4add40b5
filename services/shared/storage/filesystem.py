"""Objects as plain files below one folder: the embedded default."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from services.shared.errors import InvalidRequest, NotFound, Unavailable
from services.shared.storage import ObjectInfo, check_key, check_prefix, check_range
from services.shared.storage.filesystem_write import NewObject, make_folder, sweep, sync_folder, writing
from services.shared.storage.threads import Threads

_FLUSH_BYTES: Final = 4 << 20


class FolderStore:
    """An ObjectStore in a folder, which several processes of one machine may share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._threads = Threads("folder-store", 8)

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = False) -> ObjectInfo:
        """Write one object: a temporary file first, then its name."""
        check_key(key)
        if isinstance(data, bytes):
            return await self._threads.run(self._put, key, data, if_absent)
        head = bytearray()
        async for chunk in data:
            head += chunk
            if len(head) >= _FLUSH_BYTES:
                return await self._put_long(key, head, data, if_absent=if_absent)
        return await self._threads.run(self._put, key, head, if_absent)

    async def get(self, key: str) -> bytes:
        """Read one object whole."""
        return await self._threads.run(self._get, check_key(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Read exactly `length` bytes from `start`."""
        check_range(start, length)
        return await self._threads.run(self._get_range, check_key(key), start, length)

    async def stream(self, key: str, chunk_bytes: int = 1 << 20) -> AsyncIterator[bytes]:
        """Read one object in chunks."""
        with await self._threads.run(self._open, check_key(key)) as file:
            while chunk := await self._threads.run(_read, key, file, chunk_bytes):
                yield chunk

    async def stat(self, key: str) -> ObjectInfo:
        """Say how large one object is."""
        return await self._threads.run(self._stat, check_key(key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """List every object whose key starts with `prefix`, in key order."""
        folder, slash, name = check_prefix(prefix).rpartition("/")
        async for info in self._threads.iterate(self._walk(folder + slash, name)):
            yield info

    async def delete(self, key: str) -> None:
        """Delete one object, and the folders that it leaves empty."""
        await self._threads.run(self._delete, check_key(key))

    async def ping(self) -> None:
        """Return if the folder may be written to; it is made where it is absent."""
        await self._threads.run(self._ping)

    async def close(self) -> None:
        """End the threads."""
        await self._threads.close()

    def _put(self, key: str, data: bytes | bytearray, if_absent: bool) -> ObjectInfo:  # noqa: FBT001 goes by position into the thread
        new = NewObject(self._root, key)
        try:
            new.write(data)
            new.publish(if_absent=if_absent)
        finally:
            new.discard()
        return ObjectInfo(key, len(data))

    async def _put_long(
        self, key: str, buffer: bytearray, rest: AsyncIterator[bytes], *, if_absent: bool
    ) -> ObjectInfo:
        new = await self._threads.run(NewObject, self._root, key)
        size = len(buffer)
        try:
            async for chunk in rest:
                size += len(chunk)
                buffer += chunk
                if len(buffer) >= _FLUSH_BYTES:
                    await self._threads.run(new.write, buffer)
                    buffer = bytearray()
            await self._threads.run(new.write, buffer)
            await self._threads.run(lambda: new.publish(if_absent=if_absent))
        finally:
            await self._threads.run(new.discard)
        return ObjectInfo(key, size)

    def _open(self, key: str) -> BinaryIO:
        with _reading(key):
            return (self._root / key).open("rb")

    def _get(self, key: str) -> bytes:
        with _reading(key):
            return (self._root / key).read_bytes()

    def _get_range(self, key: str, start: int, length: int) -> bytes:
        with self._open(key) as file, _reading(key):
            size = os.fstat(file.fileno()).st_size
            if start + length > size:
                raise InvalidRequest(f"{key} has {size} bytes; {length} from {start} were asked for.")
            file.seek(start)
            return file.read(length)

    def _stat(self, key: str) -> ObjectInfo:
        with self._open(key) as file, _reading(key):
            return ObjectInfo(key, os.fstat(file.fileno()).st_size)

    def _walk(self, folder: str, name: str) -> Iterator[ObjectInfo]:
        for key, size in _entries(self._root, folder, name):
            if key.endswith("/"):
                yield from self._walk(key, "")
            else:
                yield ObjectInfo(key, size)

    def _delete(self, key: str) -> None:
        path = self._root / key
        with writing(key):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return
            sync_folder(path.parent)
        with contextlib.suppress(OSError):  # The first folder that is not empty ends it.
            for folder in path.parents[: len(path.relative_to(self._root).parents) - 1]:
                folder.rmdir()

    def _ping(self) -> None:
        try:
            make_folder(self._root, self._root)
            sweep(self._root)
            writable = os.access(self._root, os.W_OK)
        except OSError:
            writable = False
        if not writable:
            raise Unavailable("The folder of objects cannot be written to; give the service the right to.")


@contextlib.contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound(f"There is no object {key}.") from None
    except OSError as error:
        raise Unavailable(f"The folder of objects cannot be read: {error.strerror}.") from error


def _entries(root: Path, folder: str, name: str) -> list[tuple[str, int]]:
    """Return the key and size of what is in a folder, in key order; folders end in `/`, so `a-b` comes before `a/b`."""
    try:
        with os.scandir(root / folder) as found:
            entries = [entry for entry in found if entry.name.startswith(name) and not entry.name.startswith(".")]
        sized = [(folder + entry.name + "/" * entry.is_dir(), entry) for entry in entries]
        return sorted((key, size) for key, entry in sized if (size := _size(entry)) is not None)
    except (FileNotFoundError, NotADirectoryError):
        return []  # It never was, or was deleted meanwhile.
    except OSError as error:
        raise Unavailable(f"The folder of objects cannot be read: {error.strerror}.") from error


def _size(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return None  # It was deleted meanwhile.


def _read(key: str, file: BinaryIO, size: int) -> bytes:
    with _reading(key):
        return file.read(size)
