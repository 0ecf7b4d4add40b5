"""The elements of a MAT file of level 5, looked at before any library allocates what they announce.

MathWorks, "MAT-File Format", version 5: a tag of type and length, then the data; matrices hold elements themselves.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from services.shared.errors import TooLarge, UnreadableFile

HEADER_BYTES: Final = 128
_MATRIX: Final = 14
_COMPRESSED: Final = 15
_CELL: Final = 1
_OBJECT: Final = 3
_LAST_NUMERIC: Final = 15
_TAG: Final = 8
_MAX_DEPTH: Final = 8


def inflated(data: bytes, limit_bytes: int) -> bytes:
    """Return a level 5 file with every compressed variable inflated, at most limit_bytes in all."""
    order = byte_order(data)
    parts, position, size = [data[:HEADER_BYTES]], HEADER_BYTES, 0
    while position + _TAG <= len(data):
        kind, length = struct.unpack_from(order + "2I", data, position)
        element = data[position : position + _TAG + length]
        if len(element) < _TAG + length:
            raise damaged()
        if kind == _COMPRESSED:
            element = _inflate(element[_TAG:], limit_bytes - size)
        size += len(element)
        parts.append(element)
        position += _TAG + length
    return b"".join(parts)


def check_nesting(data: bytes) -> None:
    """Raise UnreadableFile where a structure or cell array in an inflated file announces more than it can hold."""
    order = byte_order(data)
    for kind, body in _elements(memoryview(data)[HEADER_BYTES:], order):
        if kind == _MATRIX:
            _check(body, order, depth=0)


def byte_order(data: bytes) -> str:
    """Return "<" or ">", as the header of a level 5 file states it."""
    return ">" if data[126:128] == b"MI" else "<"


def damaged() -> UnreadableFile:
    """Return the refusal of a file that cannot be taken apart."""
    return UnreadableFile("The MAT file is damaged or truncated; save it again, with its samples as one matrix.")


def _check(body: memoryview, order: str, *, depth: int) -> None:
    if not len(body):
        return
    if depth > _MAX_DEPTH:
        raise UnreadableFile(f"The MAT file nests more than {_MAX_DEPTH} structures; save the ECG as one matrix.")
    parts = list(_elements(body, order))
    flags = parts[0][1] if parts else memoryview(b"")
    if len(flags) < 4 or len(parts) < 2 or len(parts[1][1]) % 4:  # noqa: PLR2004 flags and dimensions
        raise damaged()
    matrix_class = struct.unpack_from(order + "I", flags)[0] & 0xFF
    count = math.prod(struct.unpack(f"{order}{len(parts[1][1]) // 4}i", parts[1][1]))
    _check_class(matrix_class, count, len(body), depth)
    if not _CELL <= matrix_class <= _OBJECT:
        return
    for kind, inner in parts[3:]:
        if kind == _MATRIX:
            _check(inner, order, depth=depth + 1)


def _check_class(matrix_class: int, count: int, size: int, depth: int) -> None:
    if depth and matrix_class > _LAST_NUMERIC:
        raise UnreadableFile("The MAT file holds objects or functions in a structure; save the ECG as one matrix.")
    if _CELL <= matrix_class <= _OBJECT and not 0 <= count * _TAG <= size:
        raise damaged()


def _elements(block: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and data of every element of a block; small ones lie within their tag."""
    position = 0
    while position + _TAG <= len(block):
        kind, length = struct.unpack_from(order + "2I", block, position)
        start = position + _TAG
        if kind >> 16:
            kind, length, start = kind & 0xFFFF, kind >> 16, position + 4
        if start + length > len(block):
            raise damaged()
        yield kind, block[start : start + length]
        position = start + length if start == position + _TAG else position + _TAG
        position += -position % 8 if kind != _COMPRESSED else 0


def _inflate(packed: bytes, limit_bytes: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        element = inflater.decompress(packed, max(limit_bytes, 0) + 1)
    except zlib.error:
        raise damaged() from None
    if len(element) > limit_bytes:
        raise TooLarge(f"The MAT file grows beyond {limit_bytes >> 20} MiB when inflated; upload each ECG by itself.")
    return element
