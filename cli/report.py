"""What became of every file of an upload: counted, written down as it comes, and told at the end."""

import csv
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import typer

from cli.client import Json
from cli.output import print_table, say

SHOWN_ROWS: Final = 50
STORED: Final = frozenset({"stored", "stored_with_warnings"})
PRESENT: Final = "present"
"""What a file is that was not sent, for the dataset has it."""
SETTLED: Final = STORED | {"duplicate", "companion", "unpacked", "left_out", PRESENT}
COLUMNS: Final = ("file_name", "outcome", "record_id", "format", "remarks", "error_code", "error_detail")
_JSON_LINES: Final = frozenset({".ndjson", ".jsonl"})


class Report:
    """Counts the lines of an upload; keeps them on the disk, so that any number of files takes the same memory."""

    def __init__(self, dataset_id: str, file: Path | None = None) -> None:
        self.dataset_id = dataset_id
        self.labels: Json | None = None
        self.counts: Counter[str] = Counter()
        self.shown: list[Json] = []
        """The first lines of files that are not in the dataset."""
        self._opened = ExitStack()
        lines = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 __exit__ closes it
        self._lines = self._opened.enter_context(lines)
        self._file = None if file is None else self._opened.enter_context(file.open("w", encoding="utf-8", newline=""))
        self._is_json = file is not None and file.suffix.lower() in _JSON_LINES
        self._began = time.monotonic()
        if self._file is not None and not self._is_json:
            csv.writer(self._file).writerow(COLUMNS)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close its files."""
        self._opened.close()

    def add(self, line: Json) -> None:
        """Take note of one file."""
        self.counts[line["outcome"]] += 1
        if line["outcome"] not in SETTLED and len(self.shown) < SHOWN_ROWS:
            self.shown.append(line)
        text = json.dumps(line, ensure_ascii=False)
        self._lines.write(text + "\n")
        if self._file is not None:
            if self._is_json:
                self._file.write(text + "\n")
            else:
                csv.writer(self._file).writerow(_row(line))
            self._file.flush()

    def lines(self) -> Iterator[Json]:
        """Yield the line of every file, in the order in which they came."""
        return map(json.loads, self._texts())

    @property
    def stored(self) -> int:
        """How many files became a record."""
        return sum(self.counts[outcome] for outcome in STORED)

    @property
    def refused(self) -> int:
        """How many files are not in the dataset."""
        return sum(count for outcome, count in self.counts.items() if outcome not in SETTLED)

    def show(self, *, as_json: bool) -> None:
        """Print the report."""
        if as_json:
            self._print_document()
            return
        print_table(("Outcome", "Files"), [(name.replace("_", " "), self.counts[name]) for name in sorted(self.counts)])
        if self.shown:
            print_table(("Refused", "Why"), [(line["file_name"], line["error"]["detail"]) for line in self.shown])
        if self.refused > len(self.shown):
            say(f"{self.refused - len(self.shown)} more were refused; --json and --report list them all.")
        say(f"{self.counts.total()} files in {time.monotonic() - self._began:.1f} s.")
        if self.labels is not None:
            classes = ", ".join(self.labels["classes"])
            labelled, unlabelled = self.labels["labelled_records"], self.labels["unlabelled_records"]
            say(f"{labelled} records are labelled, {unlabelled} are not: {classes}.")

    def _print_document(self) -> None:
        """Print one JSON document, line by line."""
        head = {"dataset_id": self.dataset_id, "stored": self.stored, "refused": self.refused}
        typer.echo(json.dumps(head)[:-1] + ', "files": [', nl=False)
        for number, text in enumerate(self._texts()):
            typer.echo((", " if number else "") + text.rstrip("\n"), nl=False)
        typer.echo('], "labels": ' + json.dumps(self.labels, ensure_ascii=False) + "}")

    def _texts(self) -> Iterator[str]:
        self._lines.seek(0)
        yield from self._lines


def unsent(file_name: str, outcome: str, detail: str | None = None) -> Json:
    """Return the line of a file of which the platform said nothing."""
    error = None if detail is None else {"code": outcome.upper(), "detail": detail}
    return {"file_name": file_name, "outcome": outcome, "record": None, "error": error}


def _row(line: Json) -> tuple[str, ...]:
    record, error = line.get("record") or {}, line.get("error") or {}
    remarks = " ".join(remark["code"] for remark in record.get("remarks", ()))
    about = (record.get("record_id", ""), record.get("format", ""), remarks)
    return (line["file_name"], line["outcome"], *about, error.get("code", ""), error.get("detail", ""))
