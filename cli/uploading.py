"""An upload of any number of files: several requests at once, in the memory of a few."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from cli.client import Json, Platform
from cli.files import Group, LocalFile, batches
from cli.output import notices
from cli.report import Report
from cli.resuming import missing
from cli.sending import Sender

PARALLEL: Final = 4
"""Requests at once, where nothing else is asked for."""
_LINES_AHEAD: Final = 1000
_LOOK_SECONDS: Final = 0.5

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are sent."""

    fields: Mapping[str, str]
    """What is declared of them."""
    parallel: int = PARALLEL
    is_resumed: bool = False
    """The dataset may have some of them already."""


class _StopError(Exception):
    """The upload was given up."""


@dataclass(slots=True)
class _Work:
    """What the threads of one upload share."""

    lines: queue.Queue[Json | BaseException | None] = field(default_factory=lambda: queue.Queue(_LINES_AHEAD))
    """None for each thread that has ended."""
    batches: queue.Queue[list[Group] | None] = field(default_factory=lambda: queue.Queue(1))
    stopped: threading.Event = field(default_factory=threading.Event)

    def hand(self, target: queue.Queue[Item], item: Item) -> None:
        """Hand something on; raises where the upload was given up."""
        while True:
            self.check()
            try:
                target.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return

    def check(self) -> None:
        """Raise where the upload was given up."""
        if self.stopped.is_set():
            raise _StopError


def upload(platform: Platform, report: Report, groups: Sequence[Group], manner: Manner) -> None:
    """Send files, drawing the progress, and add a line for each to the report; what ends one request ends all."""
    total = sum(file.size_bytes for group in groups for file in group)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    work = _Work()
    with Progress(*columns, TimeRemainingColumn(), console=notices()) as progress:
        task = progress.add_task("Uploading", total=total)

        def count(size: int) -> None:
            work.check()
            progress.advance(task, size)

        sender = Sender(platform, report.dataset_id, manner.fields, count)
        try:
            for line in _lines(work, sender, groups, manner):
                report.add(line)
        finally:
            work.stopped.set()


def _lines(work: _Work, sender: Sender, groups: Sequence[Group], manner: Manner) -> Iterator[Json]:
    """Yield lines as they come from the threads; raises what one of them raised."""
    threads = [lambda: _feed(work, sender, groups, manner), *[lambda: _send(work, sender)] * manner.parallel]
    for run in threads:
        threading.Thread(target=_guarded, args=(work, run), daemon=True).start()
    running = len(threads)
    while running:
        item = work.lines.get()
        if item is None:
            running -= 1
        elif isinstance(item, BaseException):
            raise item
        else:
            yield item


def _guarded(work: _Work, run: Callable[[], None]) -> None:
    try:
        run()
        work.hand(work.lines, None)
    except _StopError:
        return
    except Exception as error:  # noqa: BLE001 the main thread raises it again
        with suppress(_StopError):
            work.hand(work.lines, error)


def _feed(work: _Work, sender: Sender, groups: Iterable[Group], manner: Manner) -> None:
    """Cut what is to be sent into batches, a little ahead of those who send them."""

    def tell(line: Json, file: LocalFile) -> None:
        work.hand(work.lines, line)
        sender.count(file.size_bytes)

    wanted = missing(sender.platform, sender.dataset_id, groups, tell) if manner.is_resumed else groups
    for batch in batches(wanted):
        work.hand(work.batches, batch)
    for _ in range(manner.parallel):
        work.hand(work.batches, None)


def _send(work: _Work, sender: Sender) -> None:
    while (batch := _next(work)) is not None:
        for line in sender.lines(batch):
            work.hand(work.lines, line)


def _next(work: _Work) -> list[Group] | None:
    while True:
        work.check()
        try:
            return work.batches.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
