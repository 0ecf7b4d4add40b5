"""Brings together the files of one record, in any order: a WFDB header and the signal files it names.

A record of several segments has two levels: its header names the headers of the segments, these name signal files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.ingest.decoding.matlab import is_level_4
from services.ingest.decoding.wfdb_header import HEADER_SUFFIX, Header, is_header, parse_header
from services.ingest.formats import FORMATS
from services.ingest.formats.base import UploadedFile
from services.shared.errors import UnreadableFile

PASSING: Final = 8
"""So many records that are whole wait for a header that may name them as its segments, whatever they are called."""
_SELF_CONTAINED: Final = (HEADER_SUFFIX, ".csv", ".txt", ".npy", ".npz", ".dcm", ".xml", ".edf", ".scp", ".ecg")
_SIGNAL_SUFFIX: Final = ".dat"
"""Samples may begin like a file of any other format."""
_SEGMENT_NAME = re.compile(r".*[_-](?:\d{1,6}|layout)\.hea", re.IGNORECASE)
"""As segments are called by custom; such wait to the end of the upload."""


@dataclass(slots=True)
class _Waiting:
    """A header that waits for files."""

    file: UploadedFile
    has_segments: bool
    wanted: dict[str, None] = field(default_factory=dict)
    """The names of all its files, in order."""
    missing: set[str] = field(default_factory=set)


class Companions:
    """Holds files of one upload that belong to others still to come, up to a number of bytes.

    What is whole goes first when there are too many bytes, then what is held longest: a header then is read with what
    is there of its files, and any other file by itself. The work for a file does not grow with what is held.
    """

    def __init__(self, max_held_bytes: int) -> None:
        self._max_held_bytes = max_held_bytes
        self.held_bytes = 0
        """The size of everything that waits."""
        self._headers: dict[str, _Waiting] = {}
        self._parts: dict[str, UploadedFile] = {}
        """Signal files, and headers of segments."""
        self._namers: dict[str, dict[str, None]] = {}
        """The headers that name a file, by its name."""
        self._segments: dict[str, UploadedFile] = {}
        """Whole records that are called as segments are."""
        self._passing: dict[str, UploadedFile] = {}

    def take(self, file: UploadedFile) -> Iterator[UploadedFile]:
        """Take one file in; yield every file that can be read now."""
        yield from self._displaced(file.name)
        header = _header_of(file)
        if header is None and file.name not in self._namers and not _may_be_companion(file):
            yield file
            return
        if header is not None and (header.segments or file.name not in self._namers):
            complete = self._take_header(file, header)
        else:
            complete = self._take_part(file, header.files if header else ())
        for name in complete:
            if name in self._headers and not self._headers[name].missing:
                yield from self._whole(name)
        while len(self._passing) > PASSING:
            yield self._first(self._passing)
        while self.held_bytes > self._max_held_bytes:
            yield self._overflow()

    @property
    def is_unsettled(self) -> bool:
        """Say whether records wait that are whole and not called as segments are."""
        return bool(self._passing)

    def settle(self) -> Iterator[UploadedFile]:
        """Yield these records: no header is expected any more that names them."""
        while self._passing:
            yield self._first(self._passing)

    def rest(self) -> Iterator[UploadedFile]:
        """Yield everything that is still held, at the end of the upload."""
        yield from self.settle()
        while self._segments:
            yield self._first(self._segments)
        while self._headers:
            yield self._joined(next(iter(self._headers)))
        while self._parts:
            yield self._first(self._parts)

    def _take_header(self, file: UploadedFile, header: Header) -> list[str]:
        """Let a header wait for its files; return the headers that may now have all theirs."""
        self._headers[file.name] = _Waiting(file, bool(header.segments))
        self.held_bytes += file.size_bytes
        self._want(file.name, header.files)
        complete = [name for segment in header.files for name in self._adopt(segment)] if header.segments else []
        return [*complete, file.name]

    def _take_part(self, file: UploadedFile, its_own: Iterable[str]) -> list[str]:
        """Keep a file that a header names, or may; return the headers that may now have all theirs."""
        self._parts[file.name] = file
        self.held_bytes += file.size_bytes
        namers = [*self._namers.get(file.name, ())]
        for name in namers:
            self._want(name, its_own)
            self._headers[name].missing.discard(file.name)
        return namers

    def _want(self, header_name: str, names: Iterable[str]) -> None:
        header = self._headers[header_name]
        for name in names:
            header.wanted[name] = None
            self._namers.setdefault(name, {})[header_name] = None
            if name not in self._parts:
                header.missing.add(name)

    def _adopt(self, segment: str) -> list[str]:
        """Make the parts of a record that waits by itself those of the header that names it as its segment."""
        whole = self._segments.pop(segment, None) or self._passing.pop(segment, None)
        if whole is not None:
            self.held_bytes -= whole.size_bytes
            parts = [UploadedFile(name, data) for name, data in whole.companions.items() if name not in self._parts]
            complete = self._take_part(UploadedFile(whole.name, whole.data), whole.companions)
            return [*complete, *(name for part in parts for name in self._take_part(part, ()))]
        waiting = self._headers.get(segment)
        if waiting is None or waiting.has_segments:
            return []
        self._forget(segment)
        return self._take_part(waiting.file, waiting.wanted)

    def _whole(self, header_name: str) -> Iterator[UploadedFile]:
        """Yield a record whose files are all there, or keep it where it may be a segment."""
        has_segments = self._headers[header_name].has_segments
        record = self._joined(header_name)
        if has_segments:
            yield record
            return
        (self._segments if _SEGMENT_NAME.fullmatch(record.name) else self._passing)[record.name] = record
        self.held_bytes += record.size_bytes

    def _joined(self, header_name: str) -> UploadedFile:
        """Return a header with the files that are there of those it names; these go once no other header names them."""
        header = self._forget(header_name)
        present = {name: self._parts[name].data for name in sorted(header.wanted) if name in self._parts}
        for name in present:
            if name not in self._namers:
                self.held_bytes -= self._parts.pop(name).size_bytes
        return UploadedFile(header.file.name, header.file.data, present)

    def _forget(self, header_name: str) -> _Waiting:
        header = self._headers.pop(header_name)
        self.held_bytes -= header.file.size_bytes
        for name in header.wanted:
            namers = self._namers[name]
            del namers[header_name]
            if not namers:
                del self._namers[name]
        return header

    def _first(self, held: dict[str, UploadedFile]) -> UploadedFile:
        file = held.pop(next(iter(held)))
        self.held_bytes -= file.size_bytes
        return file

    def _overflow(self) -> UploadedFile:
        """Return what goes first."""
        for whole in (self._passing, self._segments):
            if whole:
                return self._first(whole)
        oldest = next(iter(self._parts), None)
        namers = self._namers.get(oldest, {}) if oldest is not None else self._headers
        return self._joined(next(iter(namers))) if namers else self._first(self._parts)

    def _displaced(self, name: str) -> Iterator[UploadedFile]:
        """Yield what is held under the name of a file that now comes: another file of that name, of another folder."""
        for whole in (self._passing, self._segments):
            if name in whole:
                self.held_bytes -= whole[name].size_bytes
                yield whole.pop(name)
        if name in self._headers:
            yield self._joined(name)
        while name in self._parts and name in self._namers:
            yield self._joined(next(iter(self._namers[name])))
        if name in self._parts:
            self.held_bytes -= self._parts[name].size_bytes
            yield self._parts.pop(name)


def _header_of(file: UploadedFile) -> Header | None:
    """Return what a header says; None where the file is none, or one that cannot be read anyway."""
    if not file.name.lower().endswith(HEADER_SUFFIX) and not is_header(file.data):
        return None
    try:
        return parse_header(file.data, file.name)
    except UnreadableFile:
        return None


def _may_be_companion(file: UploadedFile) -> bool:
    """Say whether a header that comes later may name this file: it is called so, is a level 4 MAT, or is not known."""
    name = file.name.lower()
    if name.endswith(_SELF_CONTAINED):
        return False
    return name.endswith(_SIGNAL_SUFFIX) or is_level_4(file.data) or not any(known.sniff(file) for known in FORMATS)
