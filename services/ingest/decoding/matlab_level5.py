"""The variables of a level 5 MAT file, without trusting what it says of its sizes.

A reader of our own: scipy's ends or stalls the whole process on some damaged files. Sizes are compared with the bytes
that are there, and compressed variables are inflated under a limit.
https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf, "Level 5 MAT-File Format"
"""

import math
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import TooLarge, UnreadableFile

MAX_VARIABLES: Final = 256
MAX_NAME: Final = 64
CELL: Final = 1
STRUCTURE: Final = 2
CHARACTERS: Final = 4
_HEADER_BYTES: Final = 128
_ORDERS: Final = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}
_TAG_BYTES: Final = 8
_SMALL_BYTES: Final = 4
_MATRIX: Final = 14
_COMPRESSED: Final = 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMERIC: Final = range(6, 16)
_LOGICAL_OR_COMPLEX: Final = 0x0A00
_MAX_DIMENSIONS: Final = 32
Part = tuple[int, memoryview]
"""The type and the bytes of an element."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """One variable, or one that lies in another: what it is, and where its values lie."""

    name: str
    kind: int
    shape: tuple[int, ...]
    parts: tuple[Part, ...]
    order: str

    @property
    def is_numeric(self) -> bool:
        """Say whether it holds real numbers."""
        return self.kind in _NUMERIC

    def values(self) -> NDArray[Any]:
        """Return numbers in the type that they are stored in, which may be a smaller one than MATLAB had them in."""
        kind, data = self.parts[0] if self.parts else (0, memoryview(b""))
        count = math.prod(self.shape)
        if kind not in _NUMBERS or len(data) < count * np.dtype(_NUMBERS[kind]).itemsize:
            raise damaged()
        return np.frombuffer(data, self.order + _NUMBERS[kind], count).reshape(self.shape, order="F")

    def rows(self) -> list[str]:
        """Return the rows of a character array."""
        kind, data = self.parts[0] if self.parts else (0, memoryview(b""))
        wide = f"utf-16-{'le' if self.order == '<' else 'be'}"
        text = bytes(data).decode({4: wide, 17: wide, 16: "utf-8"}.get(kind, "latin-1"), "replace")
        if len(self.shape) != 2 or len(text) != math.prod(self.shape):  # noqa: PLR2004 rows and columns
            raise damaged()
        return [text[row :: self.shape[0]] for row in range(self.shape[0] if text else 0)]


def is_level_5(data: bytes) -> bool:
    """Say whether data begins with the header of a level 5 file: its version and byte order, whatever its text says."""
    return data[124:_HEADER_BYTES] in _ORDERS


def variables(data: bytes, limit_bytes: int) -> Iterator[Matrix]:
    """Yield the variables; raises UnreadableFile where the file is damaged, TooLarge where it grows too much."""
    order, size = _ORDERS[data[124:_HEADER_BYTES]], 0
    for count, (kind, body) in enumerate(_elements(memoryview(data)[_HEADER_BYTES:], order)):
        if count >= MAX_VARIABLES:
            raise TooLarge(f"The MAT file holds more than the {MAX_VARIABLES} variables that are read.")
        if kind == _COMPRESSED:
            inflated = _inflate(body, limit_bytes - size)
            size += len(inflated)
            if size > limit_bytes:
                raise TooLarge(
                    f"The MAT file grows beyond {limit_bytes >> 20} MiB when inflated; upload each ECG by itself."
                )
            kind, body = next(_elements(memoryview(inflated), order), (0, body))  # noqa: PLW2901 what was packed in it
        if kind == _MATRIX:
            yield _matrix(body, order)


def inner_of(matrix: Matrix, parts: Iterable[Part]) -> list[Matrix]:
    """Return the matrices among the parts of a cell array or structure."""
    return [_matrix(body, matrix.order) for kind, body in parts if kind == _MATRIX]


def named_in(structure: Matrix) -> tuple[list[str], list[Matrix]]:
    """Return the names of the fields of a structure, and the values of all fields of each of its elements in turn."""
    if len(structure.parts) < 2 or len(structure.parts[0][1]) != 4:  # noqa: PLR2004 how long names are, and the names
        raise damaged()
    (length,) = struct.unpack(structure.order + "i", structure.parts[0][1])
    names = bytes(structure.parts[1][1])
    if not 0 < length <= MAX_NAME or len(names) % length or len(names) // length > MAX_VARIABLES:
        raise damaged()
    fields = [_name(names[at : at + length].partition(b"\0")[0]) for at in range(0, len(names), length)]
    return fields, inner_of(structure, structure.parts[2:])


def damaged() -> UnreadableFile:
    """Return the refusal of a file that is not as it says."""
    return UnreadableFile("The MAT file is damaged or truncated; save it again, with its samples as one matrix.")


def _elements(data: memoryview, order: str) -> Iterator[Part]:
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


def _matrix(body: memoryview, order: str) -> Matrix:
    if not body:
        return Matrix("", 0, (0, 0), (), order)
    parts = [*_elements(body, order)]
    if len(parts) < 3 or len(parts[0][1]) < _TAG_BYTES or len(parts[1][1]) % 4:  # noqa: PLR2004 flags, shape and name
        raise damaged()
    (flags,) = struct.unpack_from(order + "I", parts[0][1])
    shape = struct.unpack(f"{order}{len(parts[1][1]) // 4}i", parts[1][1])
    if not 1 < len(shape) <= _MAX_DIMENSIONS or min(shape) < 0:
        raise damaged()
    kind = 0 if flags & _LOGICAL_OR_COMPLEX else flags & 0xFF
    return Matrix(_name(bytes(parts[2][1])), kind, shape, tuple(parts[3:]), order)


def _name(name: bytes) -> str:
    text = name.decode("latin-1")
    if len(name) > MAX_NAME or (text and not text.isidentifier()):
        raise damaged()
    return text
