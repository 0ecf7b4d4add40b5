"""Which files an upload sends, in which order and in how large requests."""

from collections.abc import Callable, Iterator, Sequence
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

from cli.errors import CommandFailed, ExitCode

BATCH_FILES: Final = 64
BATCH_BYTES: Final = 64 << 20
HEADER_SUFFIX: Final = ".hea"
"""A WFDB header goes before the files it speaks of."""


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


def gather(paths: Sequence[Path], *, leave_out: Path | None = None) -> list[list[Path]]:
    """Return the files in groups that belong together: one folder, one stem, headers first; hidden files are left."""
    found: dict[tuple[Path, str], list[Path]] = {}
    for path in _files(paths):
        if leave_out is None or not path.samefile(leave_out):
            found.setdefault((path.parent, path.stem), []).append(path)
    if not found:
        raise CommandFailed("There is no file to store. Expected ECG files or folders with them.", ExitCode.USAGE)
    return [
        sorted(group, key=lambda path: (path.suffix.lower() != HEADER_SUFFIX, path.name)) for group in found.values()
    ]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        walked = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in walked:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not hidden and file not in seen:
                seen.add(file)
                yield file


def batches(groups: Sequence[list[Path]]) -> Iterator[list[Path]]:
    """Cut the groups into requests; a group stays whole, and no request holds one name twice."""
    batch: list[Path] = []
    size = 0
    for group in groups:
        group_bytes = sum(path.stat().st_size for path in group)
        names = {path.name for path in batch}
        full = len(batch) + len(group) > BATCH_FILES or size + group_bytes > BATCH_BYTES
        if batch and (full or any(path.name in names for path in group)):
            yield batch
            batch, size = [], 0
        batch = [*batch, *group]
        size += group_bytes
    yield batch
