"""Uploads of ECGs: a form's files become steps for ingest, and ingest's answers the lines of a report.

What is wrong with one file costs that file only. What is wrong with the form ends it there: the files before it stay.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Final

from gateway.convert import uploads as convert
from gateway.forms import FilePart, Form, bounded
from gateway.multipart import Chunk, FileStart
from gateway.resending import Resending
from gateway.schemas.datasets import FileOutcome, FileReport, UploadReport
from gateway.schemas.uploads import Declaration, ModelDescription
from gateway.settings import LimitSettings
from services.shared.errors import ErrorCode, InvalidRequest, PlatformError, TooLarge, Unavailable
from services.shared.observability.logs import get_logger
from services.shared.uploads import MAX_NAME_CHARACTERS, archive_kind, checked_name

ATTEMPTS: Final = 3
"""How many replicas in a row may be lost, or away, before an upload that gets nowhere is given up."""
_PAUSE_SECONDS: Final = 0.25
_SEND_AGAIN: Final = "Send what has no line again: what was stored is then told as a duplicate."
STORED: Final = frozenset({FileOutcome.STORED, FileOutcome.STORED_WITH_WARNINGS})

Send = Callable[[AsyncIterator[Any]], AsyncGenerator[Any]]
"""Sends the steps of an upload to ingest and yields its answers."""

_log = get_logger(__name__)


class RecordUpload:
    """One upload on its way: steps out, lines of the report back."""

    def __init__(
        self, files: AsyncIterator[FilePart], declaration: Declaration, dataset_id: str, settings: LimitSettings
    ) -> None:
        self._sending = Resending(self._accepted(files))
        self._dataset_id = dataset_id
        self._declaration = declaration
        self._settings = settings
        self._own_lines: deque[FileReport] = deque()
        self._too_large: Counter[str] = Counter()
        self._limits: dict[str, int] = {}
        self._fault: PlatformError | None = None
        self._reported = 0

    async def report(self, send: Send) -> AsyncGenerator[FileReport]:
        """Yield a line per file as soon as its fate is durable; a fault of the form is raised after the last."""
        try:
            async with aclosing(self._answers(send)) as answers:
                async for answer in answers:
                    yield self._judged(convert.file_report(answer))
                    while self._own_lines:
                        yield self._own_lines.popleft()
        finally:
            await self._sending.close()
        for line in (*self._own_lines, *map(self._oversized, self._too_large.elements())):
            yield line
        if self._fault is not None:
            raise self._told(self._fault)

    async def _answers(self, send: Send) -> AsyncGenerator[Any]:
        """Yield what ingest answers, going on with another replica where one is lost."""
        failures = 0
        while True:
            try:
                async with aclosing(send(self._steps())) as answers:
                    async for answer in answers:
                        self._sending.settle(answer.file_name)
                        failures = 0
                        yield answer
            except Unavailable as error:
                failures += 1
                if failures == ATTEMPTS:
                    raise Unavailable(f"{error.detail} {_SEND_AGAIN}") from None
            else:
                return
            await asyncio.sleep(_PAUSE_SECONDS * 2**failures)
            self._tell_lost()

    def _tell_lost(self) -> None:
        """Add a line for each file that nobody can send again; of those that are too large there is one to come."""
        lost = Counter(self._sending.take_lost()) - self._too_large
        error = Unavailable(f"The service that took the file was lost before it told what became of it. {_SEND_AGAIN}")
        self._own_lines += [convert.refusal(name, error) for name in lost.elements()]
        _log.warning("upload_resumed", reported=self._reported, lost=lost.total())

    async def _steps(self) -> AsyncIterator[Any]:
        yield convert.upload_options(self._dataset_id, self._declaration)
        try:
            async for part in self._sending.attempt():
                if isinstance(part, Chunk):
                    yield convert.upload_chunk(part.data)
                elif isinstance(part, FileStart):
                    yield convert.upload_start(part.file_name)
                else:
                    yield convert.FILE_END
        except PlatformError as fault:
            # The files before the fault are whole: ingest finishes them, and their lines are still told.
            self._fault = fault

    async def _accepted(self, parts: AsyncIterator[FilePart]) -> AsyncGenerator[FilePart]:
        """Leave out files whose name cannot be kept, and the rest of files that are too large."""
        file_name, size, limit, skip, files = "", 0, 0, False, 0
        async for part in parts:
            if isinstance(part, FileStart):
                file_name, size, files = part.file_name, 0, files + 1
                self._check_count(files)
                skip = self._refuses_name(file_name)
            elif isinstance(part, Chunk):
                limit = limit if size else self._limit(part.data)
                size += len(part.data)
                if size > limit and not skip:
                    skip = True
                    # Ingest sees no end of this file, and so drops it.
                    self._too_large[file_name] += 1
                    self._limits[file_name] = limit
            if not skip:
                yield part

    def _check_count(self, files: int) -> None:
        if files > self._settings.max_upload_files:
            raise TooLarge(
                f"One upload takes at most {self._settings.max_upload_files} files: send the rest in another."
            )

    def _limit(self, head: bytes) -> int:
        return self._settings.max_archive_bytes if archive_kind(head) else self._settings.max_upload_bytes

    def _refuses_name(self, file_name: str) -> bool:
        try:
            checked_name(file_name)
        except InvalidRequest as error:
            self._own_lines.append(convert.refusal(ascii(file_name)[1:-1][:MAX_NAME_CHARACTERS], error))
            return True
        return False

    def _judged(self, line: FileReport) -> FileReport:
        self._reported += 1
        cut_off = line.error is not None and line.error.code is ErrorCode.CANCELLED
        if cut_off and self._too_large[line.file_name] > 0:
            self._too_large[line.file_name] -= 1
            return self._oversized(line.file_name)
        return line

    def _oversized(self, file_name: str) -> FileReport:
        error = TooLarge(f"The file is larger than {self._limits[file_name]} bytes.")
        return convert.refusal(file_name, error)

    def _told(self, fault: PlatformError) -> PlatformError:
        return type(fault)(f"{fault.detail} The {self._reported} files before it have their lines in the report.")


async def decode_steps(form: Form, declaration: Declaration, settings: LimitSettings) -> AsyncIterator[Any]:
    """Yield the steps of decoding a form's file (and its companions) without storing it."""
    yield convert.decode_options(declaration)
    async for part in bounded(form.files(), settings.max_upload_bytes):
        if isinstance(part, Chunk):
            yield convert.decode_chunk(part.data)
        elif isinstance(part, FileStart):
            yield convert.decode_start(part.file_name)
        else:
            yield convert.DECODE_END


async def label_steps(dataset_id: str, csv: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """Yield the steps of a label upload."""
    yield convert.labels_dataset(dataset_id)
    async for data in csv:
        yield convert.labels_chunk(data)
    yield convert.LABELS_END


async def import_steps(description: ModelDescription, onnx: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """Yield the steps of a model's import."""
    yield convert.import_options(description)
    async for data in onnx:
        yield convert.import_chunk(data)
    yield convert.IMPORT_END


async def whole(lines: AsyncGenerator[FileReport]) -> UploadReport:
    """Return a report once every file has its line."""
    async with aclosing(lines):
        files = [line async for line in lines]
    stored = sum(line.outcome in STORED for line in files)
    refused = sum(line.outcome is FileOutcome.REFUSED for line in files)
    return UploadReport(files=files, stored=stored, refused=refused)
