"""Section 2: the Huffman tables, and the decoding of what they encode.

A table is a list of code structures: a prefix, and after it perhaps further bits, which are a signed number. The base
code is stored with its first bit lowest. A structure in mode 0 stands for no sample: its base value is the number of
the table that holds from there on.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

Samples = NDArray[np.int64]

_DEFAULT: Final = 19999
_STRUCTURE: Final = struct.Struct("<BBBhI")
_MAX_TABLES: Final = 32
_WORD: Final = 32
"""The most bits of a prefix, and of the number after it."""
_SHORT: Final = 16
"""Prefixes of so many bits are looked up, longer ones searched for."""
_SWITCH: Final = 128
"""Marks the length of a structure that names another table."""


@dataclass(frozen=True, slots=True)
class Table:
    """A prefix code, its structures by the number at which they begin when their prefix is padded to 32 bits."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    prefix_bits: NDArray[np.int64]
    bits: NDArray[np.int64]
    """Of prefix and number together."""
    switches: NDArray[np.bool_]
    values: NDArray[np.int64]


def parse_tables(body: bytes | None) -> tuple[Table, ...]:
    """Return the tables of a record; none where its samples lie there unencoded."""
    if body is None:
        return ()
    if len(body) < 2:  # noqa: PLR2004 the number of tables
        raise _damaged()
    (count,) = struct.unpack_from("<H", body)
    if count == _DEFAULT:
        return (default_table(),)
    if count > _MAX_TABLES:
        raise UnreadableFile(f"The SCP-ECG record announces {count} Huffman tables; {_MAX_TABLES} at most are read.")
    tables, position = [], 2
    for _ in range(count):
        structures = int.from_bytes(body[position : position + 2], "little")
        rows = body[position + 2 : position + 2 + structures * _STRUCTURE.size]
        if not structures or len(rows) < structures * _STRUCTURE.size:
            raise _damaged()
        tables.append(_table(list(_STRUCTURE.iter_unpack(rows)), count))
        position += 2 + len(rows)
    return tuple(tables)


def default_table() -> Table:
    """Return the table of the standard's annex C: 0, ±1 … ±8 by their own codes, others in 8 or 16 bits."""
    rows = [(1, 1, 1, 0, 0)]
    for size in range(1, 9):
        ones = (1 << size) - 1
        rows += [(size + 2, size + 2, 1, size, ones), (size + 2, size + 2, 1, -size, ones | 1 << (size + 1))]
    return _table([*rows, (10, 18, 1, 0, (1 << 9) - 1), (10, 26, 1, 0, (1 << 10) - 1)], 1)


def decode(data: bytes, tables: tuple[Table, ...], count: int) -> Samples:
    """Return the first samples of an encoded lead, fewer where it ends before; raises UnreadableFile on no code."""
    windows = _windows(data)
    here = windows[: len(data) * 8]
    rows = [_rows(here, table) for table in tables]
    visited = _walk(rows, tables, len(here), count)
    values, kept = np.zeros(len(visited), dtype=np.int64), np.ones(len(visited), dtype=np.bool_)
    numbers, places = np.divmod(visited, len(here) + 1)
    for number, table in enumerate(tables):
        mine = numbers == number
        row = rows[number][places[mine]]
        values[mine] = _values(windows, places[mine], table, row)
        kept[mine] = ~table.switches[row]
    return np.asarray(values[kept][:count])


def _table(rows: list[tuple[int, int, int, int, int]], count: int) -> Table:
    for prefix, bits, mode, value, _ in rows:
        if not 0 < prefix <= _WORD or not 0 <= bits - prefix <= _WORD or (mode == 0 and not 0 < value <= count):
            raise _damaged()
    starts = [int(f"{code:032b}"[::-1], 2) >> (_WORD - prefix) << (_WORD - prefix) for prefix, *_, code in rows]
    order = np.argsort(np.array(starts, dtype=np.int64))
    prefix, bits, mode, value, _ = np.array(rows, dtype=np.int64)[order].T
    begin = np.array(starts, dtype=np.int64)[order]
    end = begin + (np.int64(1) << (_WORD - prefix))
    if (end[:-1] > begin[1:]).any():
        raise UnreadableFile("A Huffman table of the SCP-ECG record is ambiguous: one of its codes begins another.")
    return Table(begin, end, prefix, bits, mode == 0, value)


def _windows(data: bytes) -> NDArray[np.int64]:
    """Return the 32 bits that begin at every bit, and zeros far enough behind the last."""
    padded = np.frombuffer(data + bytes(16), dtype=np.uint8).astype(np.int64)
    size = len(data) + 10
    word = padded[:size] << 32
    for offset, shift in ((1, 24), (2, 16), (3, 8), (4, 0)):
        word |= padded[offset : offset + size] << shift
    shifts = np.arange(8, 0, -1, dtype=np.int64)
    windows: NDArray[np.int64] = (word[:, None] >> shifts) & 0xFFFFFFFF
    return windows.reshape(-1)


def _rows(here: NDArray[np.int64], table: Table) -> NDArray[np.intp]:
    """Return the structure of a table that lies at every bit; one too many where there is none."""
    none = len(table.starts)
    if table.prefix_bits.max() <= _SHORT:
        known = np.full(1 << _SHORT, none, dtype=np.intp)
        for row, (start, end) in enumerate(zip(table.starts >> _SHORT, table.ends >> _SHORT, strict=True)):
            known[start:end] = row
        return np.asarray(known[here >> _SHORT])
    found = np.searchsorted(table.starts, here, side="right") - 1
    return np.where((found >= 0) & (here < table.ends[found]), found, none)


def _walk(rows: list[NDArray[np.intp]], tables: tuple[Table, ...], total: int, count: int) -> NDArray[np.int64]:
    """Return where structures lie, from the first bit on, until the lead ends or is long enough.

    A place is its bit, and the number of its table times as many bits as there are and one.
    """
    lengths = [
        np.append(np.where(table.switches, table.bits + _SWITCH, table.bits), 0).astype(np.uint8)[row].tobytes()
        for row, table in zip(rows, tables, strict=True)
    ]
    limit = count if len(tables) == 1 else total
    places: list[int] = []
    number, place, origin, current = 0, 0, 0, lengths[0]
    while place < total and len(places) < limit:
        places.append(origin + place)
        step = current[place]
        if step >= _SWITCH:
            number = int(tables[number].values[rows[number][place]]) - 1
            origin, current = number * (total + 1), lengths[number]
            step -= _SWITCH
        elif not step:
            raise UnreadableFile("The SCP-ECG record is damaged: its samples hold a code that no table knows.")
        place += step
    return np.array(places[:-1] if place > total else places, dtype=np.int64)


def _values(
    windows: NDArray[np.int64], places: NDArray[np.int64], table: Table, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    extra = table.bits[rows] - table.prefix_bits[rows]
    numbers = windows[places + table.prefix_bits[rows]] >> (_WORD - extra)
    negative = (extra > 0) & (numbers >> np.maximum(extra - 1, 0) == 1)
    return np.asarray(table.values[rows] + numbers - np.where(negative, np.int64(1) << extra, 0))


def _damaged() -> UnreadableFile:
    return UnreadableFile("The Huffman tables of the SCP-ECG record are damaged or truncated; export it again.")
