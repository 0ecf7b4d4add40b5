"""Companions folder by folder: a header names files that lie beside it, never files of the same name elsewhere."""

import dataclasses
from collections.abc import Iterator

from services.ingest.formats.base import UploadedFile
from services.ingest.uploading.companions import Companions


class Folders:
    """Holds the files that wait for others of their folder, up to a number of bytes in all folders together."""

    def __init__(self, max_held_bytes: int) -> None:
        self._max_held_bytes = max_held_bytes
        self._waiting: dict[str, Companions] = {}

    def take(self, file: UploadedFile) -> Iterator[UploadedFile]:
        """Take one file in; yield every file that can be read now."""
        companions = self._waiting.setdefault(file.folder, Companions(self._max_held_bytes))
        yield from _in(file.folder, companions.take(file))
        if companions.held_bytes == 0:
            del self._waiting[file.folder]
        while self._waiting and self._held_bytes() > self._max_held_bytes:
            yield from self._rest(next(iter(self._waiting)))

    def rest(self) -> Iterator[UploadedFile]:
        """Yield everything that is still held."""
        for folder in [*self._waiting]:
            yield from self._rest(folder)

    def _rest(self, folder: str) -> Iterator[UploadedFile]:
        yield from _in(folder, self._waiting.pop(folder).rest())

    def _held_bytes(self) -> int:
        return sum(companions.held_bytes for companions in self._waiting.values())


def uploaded(name: str, data: bytes) -> UploadedFile:
    """Return a file under a name with folders."""
    folder, _, plain = name.rpartition("/")
    return UploadedFile(plain, data, folder=folder)


def _in(folder: str, files: Iterator[UploadedFile]) -> Iterator[UploadedFile]:
    return (dataclasses.replace(file, folder=folder) for file in files)
