"""The members of an archive, one after the other, each with its bytes or the reason why it is not taken."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from services.ingest.unpacking import names, zips
from services.ingest.unpacking.bounds import Bounds, Budget, Exhausted
from services.ingest.unpacking.tars import Tar
from services.shared.errors import InvalidRequest, PlatformError, UnreadableFile
from services.shared.uploads import HEAD_BYTES, archive_kind

_ARRAY: Final = ".npy"
_NUMPY: Final = ".npz"
_ZIP: Final = ".zip"
_MAX_ARRAYS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    """The archive's name, a slash, and its own with its folders."""
    data: bytes = b""
    refusal: PlatformError | None = None
    is_junk: bool = False
    """It is none of the sender's files, but one that an operating system left there."""


def is_arrays(file: BinaryIO, file_name: str) -> bool:
    """Say whether an archive is an NPZ: all members are arrays, or some are and its name says so."""
    if archive_kind(_head(file)) != "zip":
        return False
    try:
        with zips.opened(file, _MAX_ARRAYS) as archive:
            arrays = [entry.filename.endswith(_ARRAY) for entry in zips.entries(archive)]
    except PlatformError:
        return file_name.lower().endswith(_NUMPY)
    suffix = PurePosixPath(file_name).suffix.lower()
    return any(arrays) and (suffix == _NUMPY or (all(arrays) and suffix != _ZIP))


def members(file: BinaryIO, file_name: str, bounds: Bounds, size_bytes: int) -> Iterator[Member]:
    """Yield every file of an archive; raises UnreadableFile or TooLarge where it cannot be read, or not to its end.

    At most one member is in memory at once. Of the archive itself only one level is unpacked.
    """
    head, budget = _head(file), Budget(bounds, size_bytes)
    names.check_no_office(head)
    kind = archive_kind(head) or "tar"
    pairs = _of_zip(file, budget) if kind == "zip" else _of_tar(file, kind, budget)
    seen: set[str] = set()
    for given, content in pairs:
        budget.count()
        name = names.plain(given)
        yield _member(file_name, name, content, is_repeated=name in seen)
        seen.add(name)
    if not seen:
        raise UnreadableFile("The archive is empty.")


_Pair = tuple[str, Callable[[], bytes]]


def _of_zip(file: BinaryIO, budget: Budget) -> Iterator[_Pair]:
    with zips.opened(file, budget.bounds.max_members) as archive:
        entries = zips.entries(archive)
        if len(entries) > budget.bounds.max_members:
            raise Exhausted(
                f"The archive holds more than {budget.bounds.max_members} files; send them in several archives."
            )
        for entry in entries:
            yield entry.filename, partial(zips.content, archive, entry, budget)


def _of_tar(file: BinaryIO, kind: str, budget: Budget) -> Iterator[_Pair]:
    tar = Tar(file, kind, budget)
    for entry in tar.entries():
        yield entry.name, partial(tar.content, entry)


def _member(archive: str, name: str, content: Callable[[], bytes], *, is_repeated: bool) -> Member:
    told = names.told(archive, name)
    if names.is_junk(name):
        return Member(told, is_junk=True)
    try:
        names.check(archive, name)
        if is_repeated:
            raise InvalidRequest("The archive holds another file of this name, which was taken; rename one of them.")
        data = content()
        _check_content(data, name)
    except Exhausted:
        raise
    except PlatformError as error:
        return Member(told, refusal=error)
    return Member(told, data)


def _check_content(data: bytes, name: str) -> None:
    names.check_content(data)
    if archive_kind(data[:HEAD_BYTES]) is not None and not is_arrays(io.BytesIO(data), name):
        raise UnreadableFile("An archive within an archive is not unpacked; unpack it and send it by itself.")


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return head
