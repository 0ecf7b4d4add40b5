"""How the text of a CSV is written: encoding, separator, decimal mark, and what stands above its numbers."""

import codecs
import contextlib
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.ingest.decoding.leads import is_lead
from services.ingest.decoding.units import ucum
from services.shared.errors import UnreadableFile

MISSING: Final = ("", "nan", "NaN", "NAN", "-nan", "na", "NA", "n/a", "N/A", "<NA>", "null", "NULL", "None", "none")
TIME = re.compile(
    r"(?:elapsed[ _]?)?(?:date[ _]?)?"
    r"(?:time|zeit|temps|tiempo|t|timestamp|seconds?|sec|s|ms|us|milliseconds?)(?:[ _]*[(\[]?"
    r"(ms|msec|milliseconds?|us|µs|microseconds?|s|sec|secs|seconds?)[)\]]?)?",
    re.IGNORECASE,
)
"""How columns of time are called; the unit is a group of its own."""
INDEX: Final = frozenset(
    {"", "index", "idx", "unnamed: 0", "#", "no", "no.", "n", "sample", "samples", "sample #", "sample_number",
     "sample number", "sample_index", "row"}
)  # fmt: skip
"""How columns are called that only count."""

_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?|[-+]?inf(?:inity)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?Z?")
_DECIMAL_COMMAS = re.compile(r"\s*(?:[-+]?\d+(?:,\d+)?(?:\s+|$)){2,}")
_QUOTED_COMMA = re.compile(r'"\s*[-+]?\d*,\d')
_PAIR = re.compile(r"\s*[\"']?([^:=,;\t\"']{1,60}?)[\"']?\s*[:=,;\t]\s*(.{1,400})")
_TIME_UNITS: Final = frozenset({"s", "sec", "second", "seconds", "ms", "us", "µs", "hh:mm:ss.mmm", "-", "", "n/a"})
_HEAD_BYTES: Final = 1 << 20
_LOOKED_AT: Final = 4096
_MOST_ABOVE: Final = 200
_SURELY_ROW: Final = 8
"""So many numbers behind a name are samples, whatever the name."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    """A space stands for any white space."""
    decimal_point: str
    start: int
    """Where the first row of numbers begins."""
    first_row: int
    """Its number as an editor counts lines."""
    columns: int
    header: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    has_row_names: bool = False
    said: Mapping[str, str] = field(default_factory=dict)
    """What the lines above say, by key."""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    number: int
    text: str


def is_number(cell: str) -> bool:
    """Say whether a cell holds a number, or says that it holds none."""
    return cell in MISSING or _NUMBER.fullmatch(cell) is not None


def plain_text(data: bytes) -> bytes:
    """Return text in UTF-8 without a mark, lines ended by a newline; UTF-16 is known by its mark or its zeros."""
    encoding = None
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif (head := data[:64]) and 0 in head and not any(head[1::2]):
        encoding = "utf-16-le"
    elif head and 0 in head and not any(head[::2]):
        encoding = "utf-16-be"
    if encoding:
        data = data.decode(encoding, "replace").encode()
    return data.replace(b"\r", b"\n") if b"\n" not in data[:_HEAD_BYTES] and b"\r" in data[:_HEAD_BYTES] else data


def looks_like_table(data: bytes) -> bool:
    """Say whether text has rows of numbers, below some lines of words at most."""
    text = plain_text(data[:_HEAD_BYTES])
    if b"\0" in text[:1024]:
        return False
    try:
        return dialect_of(text) is not None
    except UnreadableFile:  # it is a table, and will be refused by this very sentence
        return True


def dialect_of(text: bytes) -> Dialect | None:
    """Return how a table is written, None where no row of numbers is; raises UnreadableFile where names do not fit."""
    above: list[str] = []
    comments: list[str] = []
    blank: tuple[_Line, str] | None = None
    for line in _lines(text):
        if line.text.lstrip(" \"'").startswith(("#", "%", "//")):
            comments.append(line.text.lstrip(" \"'#%/").strip(" \"'"))
            continue
        mark = _delimiter_of(line.text, above[-1] if above else "")
        if mark and _enumerates(cells := split(line.text, mark)):
            # As pandas counts columns where it has no names for them, behind a blank where rows are counted as well.
            above.append(("" if cells[0] == "0" else "index") + mark * (len(cells) - 1))
        elif mark and all(cell in MISSING for cell in cells_of(line.text, mark)):
            blank = blank or (line, mark)  # a row without samples, or a spacer above the header
        elif mark:
            return _dialect(text, *(blank or (line, mark)), line.text, above, comments)
        elif line.text.strip():
            _check_below_header(line, above)
            above, blank = [*above, line.text], None
    if blank is not None:
        return _dialect(text, *blank, blank[0].text, above, comments)
    return None


def split(text: str, mark: str) -> list[str]:
    """Return the cells of a line without their quotes."""
    if mark == " ":
        return [cell.strip("\"'") for cell in text.split()]
    cells = text.split(mark)
    if '"' in text:
        with contextlib.suppress(csv.Error):
            cells = next(csv.reader([text], delimiter=mark, skipinitialspace=True), cells)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def cells_of(text: str, mark: str) -> list[str]:
    """Return the first cells of a line, which may be very long."""
    cells = split(text[:_LOOKED_AT], mark)
    return cells[:-1] if len(text) > _LOOKED_AT else cells


def _check_below_header(line: _Line, above: list[str]) -> None:
    """Raise UnreadableFile where a line below the names of leads is a row of numbers but for some cells."""
    for mark in "\t;, ":
        header, cells = split(above[-1][:_LOOKED_AT], mark) if above else [], split(line.text[:_LOOKED_AT], mark)
        if len(header) == len(cells) > 1 and sum(map(is_lead, header)) > 1 and not _is_units(cells):
            wrong = [place for place, cell in enumerate(cells, 1) if not is_number(cell) and is_lead(header[place - 1])]
            raise UnreadableFile(
                f"Row {line.number}, column {wrong[0] if wrong else 1} is not a number; only the header may hold text."
            )


def _lines(text: bytes) -> Iterator[_Line]:
    start = 0
    for number in range(1, _MOST_ABOVE + 1):
        if start >= len(text):
            return
        end = text.find(b"\n", start)
        stop = len(text) if end < 0 else end
        raw = text[start:stop].removesuffix(b"\r")
        try:
            yield _Line(start, number, raw.decode())
        except UnicodeDecodeError:
            yield _Line(start, number, raw.decode("cp1252", "replace"))
        start = stop + 1


def _delimiter_of(text: str, above: str) -> str | None:
    """Return what separates the cells of a row of numbers; None where the line is none."""
    if _DECIMAL_COMMAS.fullmatch(text[:_LOOKED_AT]) and "," in text:
        return " "
    marks = [mark for mark in "\t;," if mark in text] or [" "]
    return next((mark for mark in marks if _is_row(cells_of(text, mark), split(above[:_LOOKED_AT], mark))), None)


def _is_row(cells: list[str], header: list[str]) -> bool:
    if len(cells) < 2 or not any(map(is_number, cells)):  # noqa: PLR2004 one cell makes no columns
        return False
    leads = [place for place, name in enumerate(header) if is_lead(name)]
    if len(header) == len(cells) and len(leads) > 1:
        return all(is_number(cells[place]) for place in leads)
    first, rest = cells[0], cells[1:]
    if not all(map(is_number, rest)):
        return False
    if is_number(first) or _CLOCK.fullmatch(first):
        return True
    is_known = is_lead(first) or TIME.fullmatch(first) is not None
    return (is_known or len(rest) > _SURELY_ROW) and any(cell not in MISSING for cell in rest)


def _enumerates(cells: list[str]) -> bool:
    """Say whether a row merely counts its columns."""
    counted = cells if cells[0] == "0" else cells[1:]
    return len(counted) > 1 and counted == list(map(str, range(len(counted))))


def _dialect(text: bytes, first: _Line, mark: str, row: str, above: list[str], comments: list[str]) -> Dialect:
    cells = cells_of(row, mark)
    columns = len(cells) if len(row) <= _LOOKED_AT else row.count(mark) + 1
    header, units, others = _header(cells, columns, mark, above, comments)
    decimal_comma = _QUOTED_COMMA.search(row[:_LOOKED_AT]) if mark == "," else text.find(b",", first.start) >= 0
    is_name = not is_number(cells[0]) and not _CLOCK.fullmatch(cells[0])
    return Dialect(
        delimiter=mark,
        decimal_point="," if decimal_comma else ".",
        start=first.start,
        first_row=first.number,
        columns=columns,
        header=header,
        units=units,
        has_row_names=is_name and not (header and any(map(is_lead, header))),
        said=_said([*others, *comments]),
    )


def _header(
    cells: list[str], columns: int, mark: str, above: list[str], comments: list[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None, list[str]]:
    """Return the names and units of the columns, and the lines that hold neither."""
    lines = list(above)
    units = None
    if lines and _is_units(split(lines[-1], mark)):
        units = _fitted(split(lines.pop(), mark), cells, columns)
    names = _fitted(split(lines[-1], mark), cells, columns) if lines else None
    if names:
        return names, units, lines[:-1]
    if lines and sum(map(is_lead, found := split(lines[-1], mark))) > 1:
        raise UnreadableFile(
            f"The header names {len(found)} columns, the first row of numbers has {columns} cells: "
            "every row needs a cell for each name."
        )
    for comment in reversed(comments):
        names = _fitted(split(comment, mark), cells, columns)
        if names and any(map(is_lead, names)):
            return names, units, lines
    return None, units, lines


def _fitted(names: list[str], cells: list[str], columns: int) -> tuple[str, ...] | None:
    """Return a name for each column; separators at the end may be there in the header or in the rows alone."""
    if len(names) == columns + 1 and not names[-1]:
        names = names[:-1]
    elif len(names) == columns - 1 and len(names) > 1:
        names = [*names, ""] if cells[-1] in MISSING and len(cells) == columns else ["", *names]
    return tuple(names) if len(names) == columns else None


def _is_units(cells: list[str]) -> bool:
    known = [ucum(cell.strip("()[]")) for cell in cells]
    return any(known) and all(
        unit or cell.strip("()[]").lower() in _TIME_UNITS for unit, cell in zip(known, cells, strict=True)
    )


def _said(lines: list[str]) -> dict[str, str]:
    pairs = (match for line in lines if (match := _PAIR.match(line)))
    return {match[1].strip(): match[2].strip().strip(",;\t\"' ") for match in pairs}
