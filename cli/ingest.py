"""`einthoven ingest`: files and folders of ECGs into a dataset, with a line for every file."""

import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from cli.client import PAUSES_SECONDS, Json, Platform
from cli.datasets import dataset_named
from cli.declared import (
    ByteOrder,
    FormatName,
    Gain,
    HeaderBytes,
    Interleaved,
    LeadCount,
    LeadLayout,
    Rate,
    SampleType,
    form_fields,
)
from cli.errors import CommandFailed, ExitCode
from cli.files import CountedFile, batches, gather
from cli.output import notices, print_json, print_table, say
from cli.settings import DEFAULT_URL, ApiKey, AsJson, Connection, Url

CHUNK_BYTES: Final = 1 << 16
SHOWN_ROWS: Final = 50
SETTLED: Final = {"stored", "stored_with_warnings", "duplicate", "companion"}

Paths = Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders that are searched for files.")]


@dataclass(slots=True)
class Report:
    """What became of every file."""

    dataset_id: str
    files: list[Json] = field(default_factory=list)
    labels: Json | None = None

    def refused(self) -> list[Json]:
        """Return the lines of the files that are not in the dataset."""
        return [line for line in self.files if line["outcome"] not in SETTLED]

    def document(self) -> Json:
        """Return the report for scripts."""
        stored = sum(line["outcome"] in {"stored", "stored_with_warnings"} for line in self.files)
        counts = {"stored": stored, "refused": len(self.refused())}
        return {"dataset_id": self.dataset_id, **counts, "files": self.files, "labels": self.labels}


def ingest(  # noqa: PLR0913 every parameter is an option of the command
    paths: Paths,
    *,
    dataset: Annotated[str, typer.Option(help="The dataset's name; made where there is none.")],
    labels: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV with file_name,label,ICD-10.")
    ] = None,
    sampling_rate_hz: Rate = None,
    gain_adu_per_mv: Gain = None,
    lead_layout: LeadLayout = None,
    format_name: FormatName = None,
    sample_type: SampleType = None,
    byte_order: ByteOrder = None,
    lead_count: LeadCount = None,
    interleaved: Interleaved = None,
    header_bytes: HeaderBytes = None,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Store ECG files, or all files of folders, in a dataset.

    Exits with 3 where some files were refused; the others are stored all the same.
    """
    fields = form_fields(
        sampling_rate_hz, gain_adu_per_mv, lead_layout, format_name,
        sample_type, byte_order, lead_count, interleaved, header_bytes,
    )  # fmt: skip
    groups = gather(paths, leave_out=labels)
    with Platform(Connection(url, api_key)) as platform:
        report = Report(dataset_named(platform, dataset, make=True))
        try:
            upload(platform, report, groups, fields)
            if labels is not None:
                report.labels = put_labels(platform, report.dataset_id, labels)
        finally:
            _show(report, as_json=as_json)
    if report.refused():
        raise typer.Exit(ExitCode.PARTLY_REFUSED)


def upload(platform: Platform, report: Report, groups: Sequence[list[Path]], fields: Mapping[str, str]) -> None:
    """Send files in batches, drawing the progress, and add a line for each to the report."""
    total = sum(path.stat().st_size for group in groups for path in group)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=notices()) as progress:
        progress.add_task("Uploading", total=total)
        for batch in batches(groups):
            for line in _upload_batch(platform, report.dataset_id, batch, fields, progress):
                report.files.append(line)


def _upload_batch(
    platform: Platform, dataset_id: str, batch: Sequence[Path], fields: Mapping[str, str], progress: Progress
) -> Iterator[Json]:
    """Send files, and again what a platform was away for; yield a line for each."""
    unanswered = {path.name: path for path in batch}
    for pause in (*PAUSES_SECONDS, None):
        again = _with_companions(batch, unanswered.values())
        lines = _sent(platform, f"/datasets/{dataset_id}/records", again, fields, progress)
        was_away = yield from _answered(lines, unanswered, is_last=pause is None)
        if pause is None or not (unanswered and was_away):
            break
        time.sleep(pause)
    for name in unanswered:
        yield _line(name, "unanswered", "The platform did not say what became of it. Send it again.")


def _answered(lines: Iterator[Json], unanswered: dict[str, Path], *, is_last: bool) -> Generator[Json, None, bool]:
    """Yield the lines of files that had none, and return whether the platform was away for others."""
    was_away = False
    try:
        for line in lines:
            if _is_passing(line) and not is_last:
                was_away = True
            elif unanswered.pop(line["file_name"], None) is not None:
                yield line
    except CommandFailed as error:
        if is_last or error.exit_code is not ExitCode.UNREACHABLE:
            raise
        was_away = True
    return was_away


def _sent(
    platform: Platform, path: str, batch: Sequence[Path], fields: Mapping[str, str], progress: Progress
) -> Iterator[Json]:
    with ExitStack() as opened:
        files = []
        for each in batch:
            try:
                source = opened.enter_context(
                    CountedFile(each, lambda size: progress.advance(progress.task_ids[0], size))
                )
            except OSError as error:
                yield _line(each.name, "unreadable", f"It cannot be read here: {error.strerror}.")
            else:
                files.append(("files", (each.name, source, "application/octet-stream")))
        if files:
            yield from platform.lines(path, data=fields, files=files)


def _with_companions(batch: Sequence[Path], wanted: Iterable[Path]) -> list[Path]:
    """Return the files wanted and those that go with them: a header alone is no ECG."""
    stems = {(path.parent, path.stem) for path in wanted}
    return [path for path in batch if (path.parent, path.stem) in stems]


def _is_passing(line: Json) -> bool:
    """Say whether a file was refused only because something was away."""
    return line["outcome"] == "refused" and (line["error"] or {}).get("code") == "UNAVAILABLE"


def _line(file_name: str, outcome: str, detail: str) -> Json:
    """Return a line of the report for a file of which the platform said nothing."""
    return {
        "file_name": file_name,
        "outcome": outcome,
        "record": None,
        "error": {"code": outcome.upper(), "detail": detail},
    }


def put_labels(platform: Platform, dataset_id: str, labels: Path) -> Json:
    """Replace a dataset's labels by those of a CSV, and return what the platform says of them."""
    with labels.open("rb") as source:
        return platform.put_csv(f"/datasets/{dataset_id}/labels", iter(lambda: source.read(CHUNK_BYTES), b""))


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report.document())
        return
    counts = Counter(line["outcome"] for line in report.files)
    print_table(("Outcome", "Files"), [(name.replace("_", " "), counts[name]) for name in sorted(counts)])
    refused = [(line["file_name"], line["error"]["detail"]) for line in report.refused()]
    if refused:
        print_table(("Refused", "Why"), refused[:SHOWN_ROWS])
    if len(refused) > SHOWN_ROWS:
        say(f"{len(refused) - SHOWN_ROWS} more were refused; --json lists them all.")
    if report.labels is not None:
        classes = ", ".join(report.labels["classes"])
        labelled, unlabelled = report.labels["labelled_records"], report.labels["unlabelled_records"]
        say(f"{labelled} records are labelled, {unlabelled} are not: {classes}.")
