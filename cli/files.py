"""Which files an upload sends, under which names, in which order and in how large requests."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import Path, PurePosixPath
from typing import Final

from cli.errors import CommandFailed, ExitCode

BATCH_FILES: Final = 64
BATCH_BYTES: Final = 64 << 20
HEADER_SUFFIX: Final = ".hea"
"""A WFDB header goes before the files it speaks of."""
_HEADER_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine and the name that it is sent under."""

    path: Path
    name: str
    """With the folders below the one that was named on the command line."""
    size_bytes: int


Group = tuple[LocalFile, ...]
"""Files that may be one record: they are sent together, headers first."""


class CountedFile(BufferedReader):
    """A file open for reading that says how many bytes were read each time."""

    def __init__(self, path: Path, count: Callable[[int], None]) -> None:
        super().__init__(FileIO(path))
        self._count = count

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on."""
        data = super().read(size)
        self._count(len(data))
        return data


def gather(paths: Sequence[Path], *, leave_out: Iterable[Path | None] = ()) -> list[Group]:
    """Return the files in groups that belong together: one folder, and one stem or one header; hidden ones are left."""
    found: defaultdict[tuple[Path, str], list[LocalFile]] = defaultdict(list)
    left = {path.resolve() for path in leave_out if path is not None}
    for file in _files(paths):
        if not left or file.path.resolve() not in left:
            found[file.path.parent, file.path.stem].append(file)
    if not found:
        raise CommandFailed("There is no file to store. Expected ECG files or folders with them.", ExitCode.USAGE)
    return [
        tuple(sorted(group, key=lambda file: (file.path.suffix.lower() != HEADER_SUFFIX, file.name)))
        for group in _joined(found)
    ]


def batches(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Cut the groups into requests; a group stays whole, and no request holds one name twice."""
    batch: list[Group] = []
    names: set[str] = set()
    files = size = 0
    for group in groups:
        group_bytes = sum(file.size_bytes for file in group)
        full = files + len(group) > BATCH_FILES or size + group_bytes > BATCH_BYTES
        if batch and (full or any(file.name in names for file in group)):
            yield batch
            batch, names, files, size = [], set(), 0, 0
        batch.append(group)
        names.update(file.name for file in group)
        files, size = files + len(group), size + group_bytes
    if batch:
        yield batch


def _files(paths: Sequence[Path]) -> Iterator[LocalFile]:
    seen: set[Path] = set()
    for path in paths:
        walked = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in walked:
            below = file.relative_to(path) if path.is_dir() else Path(file.name)
            hidden = path.is_dir() and any(part.startswith(".") for part in below.parts)
            if file.is_file() and not hidden and file not in seen:
                seen.add(file)
                name = os.fsencode(below.as_posix()).decode("utf-8", "replace")
                yield LocalFile(file, name, file.stat().st_size)


def _joined(found: dict[tuple[Path, str], list[LocalFile]]) -> Iterator[list[LocalFile]]:
    """Put the files of a header that names others, as those of several segments do, together with these."""
    whole: dict[tuple[Path, str], list[tuple[Path, str]]] = {key: [key] for key in found}
    for key, files in found.items():
        for header in (file for file in files if file.path.suffix.lower() == HEADER_SUFFIX):
            for other in ((key[0], stem) for stem in _named_in(header.path)):
                if other in whole and whole[other] is not whole[key]:
                    whole[key] += whole[other]
                    whole.update(dict.fromkeys(whole[other], whole[key]))
    for key, keys in whole.items():
        if keys[0] == key:
            yield [file for each in keys for file in found[each]]


def _named_in(header: Path) -> set[str]:
    """Return the stems of the files that a WFDB header names, one at the beginning of each line but the first."""
    try:
        with header.open("rb") as source:
            text = source.read(_HEADER_BYTES).decode("latin-1")
    except OSError:
        return set()  # whoever sends it tells why it cannot be read
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {PurePosixPath(fields[0]).stem for fields in lines[1:]}
