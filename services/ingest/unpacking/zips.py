"""Zip archives (APPNOTE.TXT): the directory is read first, then one member after the other."""

import stat
import struct
import zipfile
import zlib
from posixpath import splitext
from typing import BinaryIO, Final, cast

from services.ingest.unpacking.bounds import STEP_BYTES, Budget, NarrowFile
from services.shared.errors import UnreadableFile

_ENCRYPTED: Final = 0x1
_HEADER_SUFFIX: Final = ".hea"
_UNIX: Final = 3
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, RuntimeError)

Entry = zipfile.ZipInfo


def opened(file: BinaryIO, max_members: int) -> zipfile.ZipFile:
    """Return a zip whose directory has been read; raises UnreadableFile or TooLarge."""
    try:
        return zipfile.ZipFile(cast("BinaryIO", NarrowFile(file, max_members)))
    except (*_DAMAGED, OverflowError):
        raise UnreadableFile("The zip is damaged or truncated: its directory cannot be read. Pack it again.") from None


def entries(archive: zipfile.ZipFile) -> list[Entry]:
    """Return the files of a zip, without its folders; those of one stem one after the other, headers first."""
    return sorted((entry for entry in archive.infolist() if not entry.filename.endswith(("/", "\\"))), key=_place)


def _place(entry: Entry) -> tuple[str, bool, str]:
    stem, suffix = splitext(entry.filename)
    return stem, suffix.lower() != _HEADER_SUFFIX, suffix


def content(archive: zipfile.ZipFile, entry: Entry, budget: Budget) -> bytes:
    """Return a member's bytes; raises UnreadableFile or TooLarge."""
    _check(entry)
    budget.check_size(entry.file_size)
    parts = []
    try:
        with archive.open(entry) as source:
            while part := source.read(STEP_BYTES):
                budget.spend(len(part))
                parts.append(part)
    except _DAMAGED:
        raise UnreadableFile("The file is damaged in the archive: its bytes do not fit their checksum.") from None
    data = b"".join(parts)
    if len(data) != entry.file_size:
        raise UnreadableFile(f"The file is truncated in the archive: {len(data)} of {entry.file_size} bytes are there.")
    return data


def _check(entry: Entry) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise UnreadableFile("The file is encrypted in the archive; pack it without a password.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableFile(
            f"The file is compressed by method {entry.compress_type}, which is not read; pack it with deflate."
        )
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    if kind not in {0, stat.S_IFREG}:
        raise UnreadableFile("This is a link or a device, not a file; pack the file itself.")
