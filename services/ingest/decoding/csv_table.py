"""The cells of a CSV as columns of numbers; pyarrow parses, because it releases the interpreter's lock meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.leads import canonical
from services.shared.errors import UnreadableFile

_BOM: Final = b"\xef\xbb\xbf"
_HEAD_BYTES: Final = 1 << 20
_MAX_COLUMNS: Final = 100_000
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?|[-+]?inf(?:inity)?", re.IGNORECASE)
_MISSING: Final = ("", "nan", "NaN", "NAN", "-nan", "na", "NA", "n/a", "N/A", "null", "NULL", "None", "none")
_DECIMAL_COMMA = re.compile(r"\d,\d")


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of one CSV."""

    header: tuple[str, ...] | None
    """One name per column, where the first row names them."""
    row_names: tuple[str, ...] | None
    """One name per row, where the first column names them."""
    values: NDArray[Any]
    """(columns, rows), float64; NaN where a cell was empty."""
    whole: tuple[bool, ...]
    """For each column whether every number was written without a decimal point."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    delimiter: str
    decimal_point: str
    start: int
    """Where the first row of numbers begins."""
    first_row: int
    """Its number as an editor counts lines."""
    columns: int
    header: tuple[str, ...] | None
    has_row_names: bool


def looks_like_table(data: bytes) -> bool:
    """Say whether text begins with rows of numbers, a row or column of names allowed."""
    head = data[:_HEAD_BYTES]
    if b"\0" in head[:1024]:
        return False
    try:
        dialect = _dialect(head)
    except UnreadableFile:
        return False
    line = head[dialect.start :].split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    cells = line.split(dialect.delimiter)[1 if dialect.has_row_names else 0 :]
    numbers = [cell for cell in map(_bare, cells) if cell not in _MISSING]
    whole = len(data) <= _HEAD_BYTES or b"\n" in head[dialect.start :]
    return bool(numbers) and all(_NUMBER.fullmatch(cell) for cell in (numbers if whole else numbers[:-1]))


def parse_table(data: bytes) -> Table:
    """Return the numbers of a CSV; raises UnreadableFile naming the row that is not one of numbers."""
    dialect = _dialect(data)
    columns = _arrow_columns(data, dialect)
    row_names = None
    if dialect.has_row_names:
        row_names = tuple(str(cell.as_py() or "").strip() for cell in columns.pop(0))
    kinds = [str(column.type) for column in columns]
    for index, kind in enumerate(kinds):
        if not kind.startswith(("int", "double", "null")):
            raise UnreadableFile(_not_a_number(data, dialect, index + dialect.has_row_names))
    values = np.empty((len(columns), len(columns[0]) if columns else 0), dtype=np.float64)
    for row, column, kind in zip(values, columns, kinds, strict=True):
        row[:] = np.nan if kind == "null" else column.to_numpy(zero_copy_only=False)
    return Table(dialect.header, row_names, values, tuple(kind != "double" for kind in kinds))


def _arrow_columns(data: bytes, dialect: _Dialect) -> list[Any]:
    import pyarrow as pa  # noqa: PLC0415 a heavy import that only a CSV needs
    from pyarrow import csv  # noqa: PLC0415

    body = memoryview(data)[dialect.start :]
    try:
        table = csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=len(body) + 1, autogenerate_column_names=True, encoding="utf8"
            ),
            parse_options=csv.ParseOptions(delimiter=dialect.delimiter),
            convert_options=csv.ConvertOptions(
                null_values=list(_MISSING), decimal_point=dialect.decimal_point, timestamp_parsers=[], check_utf8=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise UnreadableFile(_uneven(data, dialect)) from None
    return [column.combine_chunks() for column in table.columns]


def _dialect(data: bytes) -> _Dialect:
    start = len(_BOM) if data.startswith(_BOM) else 0
    first_row = 1
    while data[start : start + 1] in {b"#", b"\n", b"\r"}:
        start = (data.find(b"\n", start) + 1) or len(data)
        first_row += 1
    line, following = _line(data, start)
    delimiter = next((mark for mark in "\t;," if mark in line), None)
    if delimiter is None:
        raise UnreadableFile("The text has no columns: cells separated by commas, semicolons or tabs were expected.")
    cells = tuple(map(_bare, line.split(delimiter)))
    if len(cells) > _MAX_COLUMNS:
        raise UnreadableFile(
            f"The text has {len(cells)} columns; at most {_MAX_COLUMNS} are read. Write leads as columns."
        )
    named = [not _is_number(cell) for cell in cells]
    enumerated = _enumerates(cells)
    is_header = any(named[1:]) or enumerated
    if is_header:
        start, first_row = following, first_row + 1
        line, _ = _line(data, start)
    decimal_comma = delimiter != "," and bool(_DECIMAL_COMMA.search(line))
    first = _bare(line.split(delimiter, 1)[0])
    return _Dialect(
        delimiter=delimiter,
        decimal_point="," if decimal_comma else ".",
        start=start,
        first_row=first_row,
        columns=len(cells),
        header=cells if is_header and not enumerated else None,
        has_row_names=not _is_number(first) and not (is_header and canonical(cells[0])),
    )


def _line(data: bytes, start: int) -> tuple[str, int]:
    end = data.find(b"\n", start)
    stop = len(data) if end < 0 else end
    return data[start:stop].decode("utf-8", "replace").rstrip("\r"), min(stop + 1, len(data))


def _bare(cell: str) -> str:
    return cell.strip().strip('"').strip()


def _is_number(cell: str) -> bool:
    return cell in _MISSING or _NUMBER.fullmatch(cell) is not None


def _enumerates(cells: tuple[str, ...]) -> bool:
    """Say whether a row merely counts its columns, as pandas writes one where it has no names."""
    counted = cells if cells[0] == "0" else cells[1:]
    return len(counted) > 1 and counted == tuple(map(str, range(len(counted))))


def _rows(data: bytes, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(data[dialect.start :].decode("utf-8", "replace").splitlines(), dialect.first_row):
        if line:
            yield number, line.split(dialect.delimiter)


def _uneven(data: bytes, dialect: _Dialect) -> str:
    for number, cells in _rows(data, dialect):
        if len(cells) != dialect.columns:
            return (
                f"Row {number} has {len(cells)} cells where {dialect.columns} were expected: "
                "the file may be truncated; every row needs the same number of cells."
            )
    return "The rows cannot be read as cells of text in UTF-8, separated by commas, semicolons or tabs."


def _not_a_number(data: bytes, dialect: _Dialect, column: int) -> str:
    for number, cells in _rows(data, dialect):
        if column < len(cells) and not _is_number(_bare(cells[column])):
            return f"Row {number}, column {column + 1} is not a number; only the header may hold text."
    return f"Column {column + 1} is not a column of numbers; only the header may hold text."
