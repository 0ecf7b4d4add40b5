"""Brings together the files of one record: a WFDB header and the signal files it names, in any order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.ingest.decoding.matlab import is_level_4
from services.ingest.decoding.wfdb_header import is_header, parse_header
from services.ingest.formats import FORMATS
from services.ingest.formats.base import UploadedFile
from services.shared.errors import UnreadableFile

_HEADER_SUFFIX: Final = ".hea"
_SELF_CONTAINED: Final = (_HEADER_SUFFIX, ".csv", ".txt", ".npy", ".npz", ".dcm", ".xml", ".edf", ".scp", ".ecg")


@dataclass(slots=True)
class _Header:
    """A header that waits for its signal files."""

    file: UploadedFile
    wanted: frozenset[str]


class Companions:
    """Holds files of one upload that belong to others still to come, up to a number of bytes.

    What is held longest goes first when there are too many bytes: a header then is read with what is there of its
    files, and any other file by itself.
    """

    def __init__(self, max_held_bytes: int) -> None:
        self._max_held_bytes = max_held_bytes
        self._headers: dict[str, _Header] = {}
        self._others: dict[str, UploadedFile] = {}

    def take(self, file: UploadedFile) -> Iterator[UploadedFile]:
        """Take one file in; yield every file that can be read now."""
        wanted = _wanted_by(file)
        if wanted is not None:
            self._headers[file.name] = _Header(file, wanted)
        elif not self._is_wanted(file.name) and not _may_be_companion(file):
            yield file
            return
        else:
            self._others[file.name] = file
        yield from self._complete()
        yield from self._overflow()

    def rest(self) -> Iterator[UploadedFile]:
        """Yield everything that is still held, at the end of the upload."""
        for name in [*self._headers]:
            yield self._joined(name)
        while self._others:
            yield self._others.pop(next(iter(self._others)))

    def _is_wanted(self, name: str) -> bool:
        return any(name in header.wanted for header in self._headers.values())

    def _complete(self) -> Iterator[UploadedFile]:
        ready = [name for name, header in self._headers.items() if header.wanted <= self._others.keys()]
        yield from [self._joined(name) for name in ready]

    def _joined(self, header_name: str) -> UploadedFile:
        """Return a header with the files that are there of those it names; these go once no other header names them."""
        header = self._headers.pop(header_name)
        present = {name: self._others[name].data for name in sorted(header.wanted) if name in self._others}
        for name in present:
            if not self._is_wanted(name):
                del self._others[name]
        return UploadedFile(header.file.name, header.file.data, present)

    def _overflow(self) -> Iterator[UploadedFile]:
        while self.held_bytes > self._max_held_bytes:
            if self._others:
                yield self._others.pop(next(iter(self._others)))
            else:
                yield self._joined(next(iter(self._headers)))

    @property
    def held_bytes(self) -> int:
        """The size of everything that waits."""
        headers = sum(header.file.size_bytes for header in self._headers.values())
        return headers + sum(file.size_bytes for file in self._others.values())


def _wanted_by(file: UploadedFile) -> frozenset[str] | None:
    """Return the files that a header names; None where the file is none, or one that cannot be read anyway."""
    if not file.name.lower().endswith(_HEADER_SUFFIX) and not is_header(file.data):
        return None
    try:
        return frozenset(parse_header(file.data).renamed)
    except UnreadableFile:
        return None


def _may_be_companion(file: UploadedFile) -> bool:
    """Say whether a header that comes later may name this file: nothing else recognises it, or it is a level 4 MAT."""
    if file.name.lower().endswith(_SELF_CONTAINED):
        return False
    return is_level_4(file.data) or not any(known.sniff(file) for known in FORMATS)
