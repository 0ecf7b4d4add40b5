"""Tar archives (POSIX.1-1988 ustar, pax, GNU), plain or compressed by gzip, bzip2 or xz: read once, from the front."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from services.ingest.unpacking.bounds import STEP_BYTES, Budget, ForwardFile
from services.shared.errors import PlatformError, UnreadableFile

_XZ_MEMORY_BYTES: Final = 96 << 20
"""What the largest preset of xz needs to inflate is 65 MiB."""
_BLOCK_BYTES: Final = 512
_DAMAGED: Final = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError,
                   struct.error, RecursionError)  # fmt: skip

Entry = tarfile.TarInfo


class Tar:
    """A tar that is read from its beginning to its end."""

    def __init__(self, file: BinaryIO, kind: str, budget: Budget) -> None:
        self._budget = budget
        self._stream = ForwardFile(_inflated(file, kind), budget)
        try:
            self._tar = tarfile.TarFile(fileobj=cast("BinaryIO", self._stream), mode="r")
        except _DAMAGED:
            text = "is damaged" if kind == "tar" else "holds no tar, or is damaged; send a compressed file uncompressed"
            raise UnreadableFile(f"The archive {text}.") from None

    def entries(self) -> Iterator[Entry]:
        """Yield the files of the tar, without its folders; raises UnreadableFile where it breaks off."""
        while (entry := self._next()) is not None:
            if not entry.isdir():
                yield entry

    def content(self, entry: Entry) -> bytes:
        """Return the bytes of the member that was yielded last; raises UnreadableFile or TooLarge."""
        if not entry.isreg() or entry.issparse():
            raise UnreadableFile("This is a link, a device or a file with holes; pack the whole file itself.")
        self._budget.check_size(entry.size)
        self._stream.seek(entry.offset_data)
        parts, left = [], entry.size
        try:
            while left > 0 and (part := self._stream.read(min(STEP_BYTES, left))):
                parts.append(part)
                left -= len(part)
        except _DAMAGED:
            raise UnreadableFile("The file is damaged in the archive.") from None
        if left:
            raise UnreadableFile(f"The file is truncated in the archive: {left} of {entry.size} bytes are missing.")
        return b"".join(parts)

    def _next(self) -> Entry | None:
        try:
            entry = self._tar.next()
            self._tar.members = []  # type: ignore[attr-defined]  # the library would keep them all
            if entry is not None and entry.size < 0:
                raise UnreadableFile("A header of the archive is damaged.")
            if entry is None:
                self._check_end()
        except PlatformError:
            raise
        except _DAMAGED:
            raise UnreadableFile("The archive is damaged or truncated; what comes after that was not read.") from None
        return entry

    def _check_end(self) -> None:
        """Raise UnreadableFile where what ends the archive is not its end mark: the library stops at any other too."""
        self._stream.seek(self._tar.offset)
        mark = self._stream.read(_BLOCK_BYTES)
        if mark.strip(b"\0"):
            raise UnreadableFile("A header of the archive is damaged; what comes after it was not read.")
        if len(mark) < _BLOCK_BYTES:
            raise UnreadableFile("The archive has no end mark: it was cut off. What is in it was read.")


def _inflated(file: BinaryIO, kind: str) -> BinaryIO:
    match kind:
        case "gzip":
            return cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb"))
        case "bzip2":
            return cast("BinaryIO", bz2.BZ2File(file))
        case "xz":
            return cast("BinaryIO", io.BufferedReader(_Unxz(file), STEP_BYTES))
        case _:
            return file


class _Unxz(io.RawIOBase):
    """Inflates xz in bounded memory: its own header says how much it wants, up to 4 GiB."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._machine = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Inflate some bytes; raises LZMAError or EOFError."""
        target = memoryview(buffer)  # type: ignore[arg-type]  # the base class leaves its type open
        while not self._machine.eof:
            source = self._file.read(STEP_BYTES) if self._machine.needs_input else b""
            if self._machine.needs_input and not source:
                raise EOFError
            if data := self._machine.decompress(source, len(target)):
                target[: len(data)] = data
                return len(data)
        return 0
