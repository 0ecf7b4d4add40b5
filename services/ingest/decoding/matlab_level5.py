"""The variables of a level 5 MAT file, without trusting what it says of its sizes.

A reader of our own: scipy's ends the whole process on some damaged files. Sizes are compared with the bytes that are
there, and compressed variables are inflated under a limit.
https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf, "Level 5 MAT-File Format"
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.ingest.decoding.matlab_structures import fields_of
from services.shared.errors import TooLarge, UnreadableFile

MAX_VARIABLES: Final = 256
MAX_NAME: Final = 64
_HEADER_BYTES: Final = 128
_ORDERS: Final = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}
_TAG_BYTES: Final = 8
_SMALL_BYTES: Final = 4
_MATRIX: Final = 14
_COMPRESSED: Final = 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CELL: Final = 1
_STRUCTURE: Final = 2
_CHARACTERS: Final = 4
_MAX_DEPTH: Final = 4
_NUMERIC: Final = range(6, 16)
_LOGICAL_OR_COMPLEX: Final = 0x0A00
_MAX_DIMENSIONS: Final = 32


@dataclass(frozen=True, slots=True)
class _Matrix:
    """One variable, or one cell of one: what it is, and where its values lie."""

    name: str
    kind: int
    shape: tuple[int, ...]
    parts: tuple[tuple[int, memoryview], ...]
    order: str

    @property
    def is_numeric(self) -> bool:
        return self.kind in _NUMERIC


def is_level_5(data: bytes) -> bool:
    """Say whether data begins with the header of a level 5 file: its version and byte order, whatever its text says."""
    return data[124:_HEADER_BYTES] in _ORDERS


def level_5_members(data: bytes, limit_bytes: int) -> dict[str, Member]:
    """Return the variables; raises UnreadableFile where the file is damaged, TooLarge where it grows too much."""
    order, size, members = _ORDERS[data[124:_HEADER_BYTES]], 0, dict[str, Member]()
    for kind, body in _elements(memoryview(data)[_HEADER_BYTES:], order):
        if kind == _COMPRESSED:
            inflated = _inflate(body, limit_bytes - size)
            size += len(inflated)
            if size > limit_bytes:
                raise TooLarge(
                    f"The MAT file grows beyond {limit_bytes >> 20} MiB when inflated; upload each ECG by itself."
                )
            kind, body = next(_elements(memoryview(inflated), order), (0, body))  # noqa: PLW2901 what was packed in it
        if kind != _MATRIX:
            continue
        matrix = _matrix(body, order)
        members.update(_flat(matrix, matrix.name, 0))
        if len(members) > MAX_VARIABLES:
            raise TooLarge(f"The MAT file holds more than the {MAX_VARIABLES} variables that are read.")
    return members


def damaged() -> UnreadableFile:
    """Return the refusal of a file that is not as it says."""
    return UnreadableFile("The MAT file is damaged or truncated; save it again, with its samples as one matrix.")


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield the type and the bytes of every element; short ones are packed into their tag."""
    position = 0
    while position + _TAG_BYTES <= len(data):
        kind, length = struct.unpack_from(order + "2I", data, position)
        start, step = position + _TAG_BYTES, _TAG_BYTES + (length if kind == _COMPRESSED else -(-length // 8) * 8)
        if kind >> 16:
            kind, length = kind & 0xFFFF, kind >> 16
            start, step = position + _SMALL_BYTES, _TAG_BYTES
            if length > _SMALL_BYTES:
                raise damaged()
        if start + length > len(data):
            raise damaged()
        yield kind, data[start : start + length]
        position += step


def _inflate(packed: memoryview, limit_bytes: int) -> bytes:
    """Return what is packed, and no more than a byte beyond the limit."""
    try:
        return zlib.decompressobj().decompress(packed, limit_bytes + 1)
    except zlib.error:
        raise damaged() from None


def _matrix(body: memoryview, order: str) -> _Matrix:
    parts = [*_elements(body, order)]
    if len(parts) < 3 or len(parts[0][1]) < _TAG_BYTES or len(parts[1][1]) % 4:  # noqa: PLR2004 flags, shape and name
        raise damaged()
    (flags,) = struct.unpack_from(order + "I", parts[0][1])
    shape = struct.unpack(f"{order}{len(parts[1][1]) // 4}i", parts[1][1])
    name = bytes(parts[2][1]).decode("latin-1")
    if not 1 < len(shape) <= _MAX_DIMENSIONS or min(shape) < 0 or len(name) > MAX_NAME:
        raise damaged()
    if name and not name.isidentifier():
        raise damaged()
    kind = 0 if flags & _LOGICAL_OR_COMPLEX else flags & 0xFF
    return _Matrix(name, kind, shape, tuple(parts[3:]), order)


def _flat(matrix: _Matrix, name: str, depth: int) -> Iterator[tuple[str, Member]]:
    """Yield a variable, or the fields of a structure by dotted names; of several structures only a field of texts."""
    if matrix.is_numeric or matrix.kind in {_CHARACTERS, _CELL}:
        load = partial(_values if matrix.is_numeric else _texts, matrix)
        yield name, Member(matrix.shape, matrix.is_numeric, load)
    elif matrix.kind == _STRUCTURE and depth < _MAX_DEPTH:
        for field, bodies in [*fields_of(matrix.parts, matrix.order).items()][:MAX_VARIABLES]:
            inner = [_matrix(body, matrix.order) for body in bodies if body]
            if len(bodies) == 1:
                for each in inner:
                    yield from _flat(each, f"{name}.{field}", depth + 1)
            elif inner and all(each.kind == _CHARACTERS for each in inner):
                yield f"{name}_{field}", Member((len(inner),), is_numeric=False, load=partial(_of_each, inner))


def _of_each(matrices: list[_Matrix]) -> NDArray[Any]:
    return np.array([" ".join(_rows(matrix)) for matrix in matrices])


def _values(matrix: _Matrix) -> NDArray[Any]:
    """Return numbers in the type that they are stored in, which may be a smaller one than MATLAB had them in."""
    kind, data = matrix.parts[0] if matrix.parts else (0, memoryview(b""))
    count = math.prod(matrix.shape)
    dtype = np.dtype(matrix.order + _NUMBERS[kind]) if kind in _NUMBERS else None
    if dtype is None or len(data) < count * dtype.itemsize:
        raise damaged()
    return np.frombuffer(data, dtype, count).reshape(matrix.shape, order="F")


def _texts(matrix: _Matrix) -> NDArray[Any]:
    """Return the rows of a character array, or the texts of cells of one row each; "" for what is none."""
    if matrix.kind == _CHARACTERS:
        return np.array(_rows(matrix))
    cells = [_matrix(body, matrix.order) for kind, body in matrix.parts if kind == _MATRIX]
    return np.array([_rows(cell)[0] if cell.kind == _CHARACTERS and cell.shape[0] == 1 else "" for cell in cells])


def _rows(matrix: _Matrix) -> list[str]:
    kind, data = matrix.parts[0] if matrix.parts else (0, memoryview(b""))
    wide = f"utf-16-{'le' if matrix.order == '<' else 'be'}"
    text = bytes(data).decode({4: wide, 17: wide, 16: "utf-8"}.get(kind, "latin-1"), "replace")
    if len(matrix.shape) != 2 or len(text) != math.prod(matrix.shape):  # noqa: PLR2004 rows and columns
        raise damaged()
    return [text[row :: matrix.shape[0]] for row in range(matrix.shape[0])]
