"""One request's worth of files: sent, and again what a platform was away for, until each has its line."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from cli.client import PAUSES_SECONDS, Json, Platform
from cli.errors import CommandFailed, ExitCode
from cli.files import CountedFile, Group, LocalFile
from cli.report import unsent

_PASSING: Final = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends batches into one dataset."""

    platform: Platform
    dataset_id: str
    fields: Mapping[str, str]
    """What is declared of the files."""
    count: Callable[[int], None]
    """Told how many bytes were read of the files; what it raises ends the request."""

    def lines(self, batch: Sequence[Group]) -> Iterator[Json]:
        """Send files; yield a line for each, and for those in archives."""
        waiting = _Waiting(file.name for group in batch for file in group)
        for pause in (*PAUSES_SECONDS, None):
            again = [file for group in batch if any(file.name in waiting.names for file in group) for file in group]
            was_away = yield from self._answered(again, waiting, is_last=pause is None)
            if pause is None or not (waiting.names and was_away):
                break
            time.sleep(pause)
        for name in waiting.names:
            yield unsent(name, "unanswered", "The platform did not say what became of it. Send it again.")

    def _answered(
        self, files: Sequence[LocalFile], waiting: "_Waiting", *, is_last: bool
    ) -> Generator[Json, None, bool]:
        """Yield the lines of files that had none, and return whether the platform was away for others."""
        was_away = False
        try:
            for line in self._sent(files):
                if _is_passing(line) and not is_last:
                    was_away = True
                elif waiting.takes(line["file_name"]):
                    yield line
        except CommandFailed as error:
            if is_last or error.exit_code is not ExitCode.UNREACHABLE:
                raise
            was_away = True
        return was_away

    def _sent(self, files: Sequence[LocalFile]) -> Iterator[Json]:
        with ExitStack() as opened:
            parts = []
            for each in files:
                try:
                    source = opened.enter_context(CountedFile(each.path, self.count))
                except OSError as error:
                    yield unsent(each.name, "unreadable", f"It cannot be read here: {error.strerror}.")
                else:
                    parts.append(("files", (each.name, source, "application/octet-stream")))
            if parts:
                yield from self.platform.lines(f"/datasets/{self.dataset_id}/records", data=self.fields, files=parts)


class _Waiting:
    """The files of a batch that have no line yet."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = dict.fromkeys(names)
        self._of_archives: set[str] = set()

    def takes(self, name: str) -> bool:
        """Say whether a line is one that was waited for: of a file, or for the first time of one in an archive."""
        if name in self.names:
            del self.names[name]
            return True
        if name in self._of_archives or not any(name.startswith(f"{archive}/") for archive in self.names):
            return False
        self._of_archives.add(name)
        return True


def _is_passing(line: Json) -> bool:
    """Say whether a file was refused only because something was away."""
    return line["outcome"] == "refused" and (line["error"] or {}).get("code") == _PASSING
