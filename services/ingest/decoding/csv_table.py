"""The cells of a CSV as columns of numbers; pyarrow parses, because it releases the interpreter's lock meanwhile."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.csv_dialect import INDEX, MISSING, Dialect, dialect_of, is_number, plain_text, split
from services.ingest.decoding.leads import is_lead
from services.shared.errors import UnreadableFile

_WIDE: Final = 256
"""Of so many columns the rows are the leads: then it is faster to parse row by row."""
_FRACTION = re.compile(r"[.,eEnN]")
_LEADS: Final = (12, 8)


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of one CSV, series by series: its columns, or its rows where these begin with a name."""

    names: tuple[str, ...] | None
    units: tuple[str, ...] | None
    """As written in a row of their own."""
    values: NDArray[Any]
    """(series, samples), float64; NaN where a cell was empty or held text."""
    whole: tuple[bool, ...]
    """For each series whether every number was written without a decimal point."""
    texts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """The cells of the series that hold text."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What the lines above the table say, by key."""


@dataclass(frozen=True, slots=True)
class _Column:
    numbers: NDArray[Any] | float
    is_whole: bool
    text: tuple[str, ...] | None = None


def parse_table(data: bytes) -> Table:
    """Return the numbers of a CSV; raises UnreadableFile naming the row that is not one of numbers."""
    text = plain_text(data)
    dialect = dialect_of(text)
    if dialect is None:
        raise UnreadableFile(
            "The text has no rows of numbers: cells separated by commas, semicolons, tabs or spaces were expected, "
            "one column (or row) per lead."
        )
    if dialect.columns > _WIDE:
        return _wide(text, dialect)
    raw = _arrow_columns(text, dialect)
    if len(raw) != dialect.columns:
        raise UnreadableFile(_uneven(text, dialect))
    row_names = _strings(raw.pop(0)) if dialect.has_row_names else None
    columns = [_column(each) for each in raw]
    shift = int(dialect.has_row_names)
    for place, column in enumerate(columns):
        if column.text is not None and not _may_be_text(dialect, place + shift):
            raise UnreadableFile(_not_a_number(text, dialect, place + shift))
    values = np.empty((len(columns), len(raw[0]) if raw else 0), dtype=np.float64)
    for row, column in zip(values, columns, strict=True):
        row[:] = column.numbers
    whole = tuple(column.is_whole for column in columns)
    if row_names is not None:
        return Table(row_names, None, _filled(values.T), (all(whole),) * len(row_names), said=dialect.said)
    texts = {place: column.text for place, column in enumerate(columns) if column.text is not None}
    return _without_trailing(Table(dialect.header, dialect.units, values, whole, texts, dialect.said))


def _without_trailing(table: Table) -> Table:
    """Leave out a last column that only separators at the ends of the rows make."""
    count = len(table.values)
    nameless = not table.names[-1] if table.names else count - 1 in _LEADS
    if count < 2 or not nameless or count - 1 in table.texts or not np.isnan(table.values[-1]).all():  # noqa: PLR2004
        return table
    units = table.units[:-1] if table.units else None
    names = table.names[:-1] if table.names else None
    return Table(names, units, table.values[:-1], table.whole[:-1], table.texts, table.said)


def _may_be_text(dialect: Dialect, place: int) -> bool:
    """Say whether a column may hold text: where it has a name that is no lead's."""
    return dialect.header is not None and not is_lead(dialect.header[place])


def _arrow_columns(text: bytes, dialect: Dialect) -> list[Any]:
    import pyarrow as pa  # noqa: PLC0415 a heavy import that only a CSV needs
    from pyarrow import csv  # noqa: PLC0415

    body: memoryview | bytes = memoryview(text)[dialect.start :]
    if dialect.delimiter == " ":
        body = b"\n".join(b" ".join(line.split()) for line in bytes(body).split(b"\n"))
    try:
        table = csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=len(body) + 1, autogenerate_column_names=True, encoding="utf8"
            ),
            parse_options=csv.ParseOptions(delimiter=dialect.delimiter),
            convert_options=csv.ConvertOptions(
                null_values=list(MISSING), decimal_point=dialect.decimal_point, timestamp_parsers=[], check_utf8=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise UnreadableFile(_uneven(text, dialect)) from None
    return [column.combine_chunks() for column in table.columns]


def _column(raw: Any) -> _Column:
    kind = str(raw.type)
    if kind == "null":
        return _Column(np.nan, is_whole=True)
    if kind == "double" or kind.startswith("int"):
        return _Column(_doubles(raw), is_whole=kind != "double")
    cells = _strings(raw)
    if not all(map(is_number, cells)):
        return _Column(np.nan, is_whole=True, text=cells)
    numbers = [np.nan if cell in MISSING else float(cell.replace(",", ".")) for cell in cells]
    return _Column(
        np.array(numbers), is_whole=not any(cell not in MISSING and _FRACTION.search(cell) for cell in cells)
    )


def _doubles(raw: Any) -> NDArray[np.float64]:
    """Return numbers as they lie in arrow's memory; its own way loads pandas."""
    numbers = raw.cast("double", safe=False)
    if numbers.null_count:
        numbers = numbers.fill_null(np.nan)
    return np.frombuffer(numbers.buffers()[1], np.float64, len(numbers), numbers.offset * 8)


def _strings(raw: Any) -> tuple[str, ...]:
    import pyarrow as pa  # noqa: PLC0415 see above

    cells = (raw.cast(pa.string()) if not str(raw.type).endswith(("string", "binary")) else raw).cast(pa.binary())
    return tuple((cell or b"").decode("utf-8", "replace").strip(" \t\"'") for cell in cells.to_pylist())


def _wide(text: bytes, dialect: Dialect) -> Table:
    names: list[str] = []
    rows: list[NDArray[np.float64]] = []
    whole = True
    for number, cells in _rows(text, dialect):
        if len(cells) == dialect.columns + 1 and not cells[-1].strip():
            cells.pop()
        if len(cells) != dialect.columns:
            raise UnreadableFile(_uneven(text, dialect))
        if dialect.has_row_names:
            names.append(cells.pop(0).strip(" \t\"'"))
        numbers = _numbers(cells, dialect)
        if numbers is None:
            place = next(n for n, cell in enumerate(cells) if not is_number(cell.strip(" \t\"'")))
            raise UnreadableFile(_text_in(number, place + dialect.has_row_names))
        rows.append(numbers)
        whole = whole and not any(map(_FRACTION.search, cells))
    values = np.stack(rows)
    if not names:
        if dialect.header and dialect.header[0].lower() in INDEX - {""}:
            values = values[:, 1:]
        return _without_trailing(Table(None, None, values.T, (whole,) * values.shape[1], said=dialect.said))
    return Table(tuple(names), None, _filled(values), (whole,) * len(names), said=dialect.said)


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows without the last cell that only separators at their ends make."""
    return values[:, :-1] if np.isnan(values[:, -1]).all() and values.shape[1] > 1 else values


def _numbers(cells: list[str], dialect: Dialect) -> NDArray[np.float64] | None:
    if dialect.decimal_point == ",":
        cells = [cell.replace(",", ".") for cell in cells]
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        plain = [cell.strip(" \t\"'") for cell in cells]
    if not all(map(is_number, plain)):
        return None
    return np.array([np.nan if cell in MISSING else float(cell) for cell in plain])


def _rows(text: bytes, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    mark = None if dialect.delimiter == " " else dialect.delimiter
    for number, line in enumerate(text[dialect.start :].decode("utf-8", "replace").splitlines(), dialect.first_row):
        if line:
            yield number, split(line, dialect.delimiter) if '"' in line else line.split(mark)


def _uneven(text: bytes, dialect: Dialect) -> str:
    for number, cells in _rows(text, dialect):
        if len(cells) != dialect.columns:
            return (
                f"Row {number} has {len(cells)} cells where {dialect.columns} were expected: "
                "the file may be truncated; every row needs the same number of cells."
            )
    return "The rows cannot be read as cells of text in UTF-8, separated by commas, semicolons or tabs."


def _not_a_number(text: bytes, dialect: Dialect, place: int) -> str:
    for number, cells in _rows(text, dialect):
        if place < len(cells) and not is_number(cells[place].strip(" \t\"'")):
            return _text_in(number, place)
    return f"Column {place + 1} is not a column of numbers; only the header may hold text."


def _text_in(number: int, place: int) -> str:
    return f"Row {number}, column {place + 1} is not a number; only the header may hold text."
