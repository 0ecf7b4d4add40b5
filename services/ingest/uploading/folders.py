"""Companions folder by folder: a header names files that lie beside it, never files of the same name elsewhere."""

import dataclasses
from collections.abc import Iterator

from services.ingest.formats.base import UploadedFile
from services.ingest.uploading.companions import PASSING, Companions


class Folders:
    """Holds the files that wait for others of their folder, up to a number of bytes in all folders together.

    The work for a file does not grow with the number of folders.
    """

    def __init__(self, max_held_bytes: int) -> None:
        self._max_held_bytes = max_held_bytes
        self._held_bytes = 0
        self._waiting: dict[str, Companions] = {}
        self._unsettled: dict[str, None] = {}
        """Folders with whole records that wait only because they may be segments; the longest untouched first."""

    def take(self, file: UploadedFile) -> Iterator[UploadedFile]:
        """Take one file in; yield every file that can be read now."""
        companions = self._waiting.setdefault(file.folder, Companions(self._max_held_bytes))
        yield from self._out(file.folder, companions.take(file))
        self._unsettled.pop(file.folder, None)
        if companions.is_unsettled:
            self._unsettled[file.folder] = None
        while len(self._unsettled) > PASSING:
            folder = next(iter(self._unsettled))
            del self._unsettled[folder]
            yield from self._out(folder, self._waiting[folder].settle())
        while self._waiting and self._held_bytes > self._max_held_bytes:
            yield from self._rest(next(iter(self._waiting)))

    def rest(self) -> Iterator[UploadedFile]:
        """Yield everything that is still held."""
        for folder in [*self._waiting]:
            yield from self._rest(folder)

    def _rest(self, folder: str) -> Iterator[UploadedFile]:
        self._unsettled.pop(folder, None)
        yield from self._out(folder, self._waiting[folder].rest())

    def _out(self, folder: str, files: Iterator[UploadedFile]) -> Iterator[UploadedFile]:
        """Yield what comes out of a folder, and let go of the folder once nothing waits in it."""
        companions = self._waiting[folder]
        before = companions.held_bytes
        for file in files:
            yield dataclasses.replace(file, folder=folder)
        self._held_bytes += companions.held_bytes - before
        if companions.held_bytes == 0:
            del self._waiting[folder]


def uploaded(name: str, data: bytes) -> UploadedFile:
    """Return a file under a name with folders."""
    folder, _, plain = name.rpartition("/")
    return UploadedFile(plain, data, folder=folder)
