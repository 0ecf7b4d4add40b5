"""A view as a file: drawn on paper, or its numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.shared.errors import InvalidRequest
from services.signal_analysis.filters import NO_FILTER
from services.signal_analysis.numbers.as_csv import csv_file
from services.signal_analysis.numbers.as_npy import npy
from services.signal_analysis.paper import printing
from services.signal_analysis.paper.drawing import PAGE_S, Paper, Subject, drawn
from services.signal_analysis.paper.sheet import Sheet
from services.signal_analysis.paper.svg import svg
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Stretch


class FileFormat(StrEnum):
    """The kinds of files."""

    PNG = "png"
    PDF = "pdf"
    SVG = "svg"
    CSV = "csv"
    NPY = "npy"


MEDIA_TYPES: Final = {
    FileFormat.PNG: "image/png",
    FileFormat.PDF: "application/pdf",
    FileFormat.SVG: "image/svg+xml",
    FileFormat.CSV: "text/csv",
    FileFormat.NPY: "application/octet-stream",
}
_PRINTERS: Final[dict[FileFormat, Callable[[Sheet], bytes]]] = {
    FileFormat.PNG: printing.png,
    FileFormat.PDF: printing.pdf,
    FileFormat.SVG: svg,
}


@dataclass(frozen=True, slots=True)
class Form:
    """Which file is asked for."""

    format: FileFormat
    paper: Paper

    def check(self, kind: ViewKind, stretch: Stretch) -> None:
        """Raise InvalidRequest where a page does not hold the stretch of a view."""
        if self.format in _PRINTERS and stretch.duration_s > PAGE_S:
            raise InvalidRequest(
                f"A page holds {PAGE_S:g} s: ask for '{kind}' with duration_s up to {PAGE_S:g}, and for the next page "
                "by start_s."
            )


@dataclass(frozen=True, slots=True)
class ViewFile:
    """A file."""

    name: str
    media_type: str
    data: bytes


def written(view: View, subject: Subject, form: Form) -> ViewFile:
    """Return a view as a file; raises InvalidRequest where there are no numbers to write."""
    printer = _PRINTERS.get(form.format)
    if printer is not None:
        data = printer(drawn(view, subject, form.paper))
    else:
        data = csv_file(view) if form.format is FileFormat.CSV else npy(view)
    name = f"{subject.record_id}-{view.kind}-{view.start_s:g}s{_filtered(view)}.{form.format}"
    return ViewFile(name, MEDIA_TYPES[form.format], data)


def _filtered(view: View) -> str:
    """Return how the raw view was filtered, for the file's name: tables of numbers say it nowhere else."""
    if view.kind is not ViewKind.RAW or view.filter == NO_FILTER:
        return ""
    return "-" + re.sub("[^0-9a-z.]+", "-", view.filter.lower()).strip("-")
