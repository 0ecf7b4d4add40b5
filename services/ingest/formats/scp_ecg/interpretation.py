"""Sections 8 and 11: what the device, or who confirmed it, states; in words, or else in the standard's codes."""

import struct
from collections.abc import Iterator
from typing import Final

_FIXED_BYTES: Final = 9
"""Whether confirmed, when, and how many statements follow."""
_STATEMENT: Final = struct.Struct("<BH")
_CODED: Final = 1
_TEXT: Final = 2
_MAX_STATEMENTS: Final = 100
_MAX_CHARACTERS: Final = 500


def parse_statements(words: bytes, codes: bytes) -> tuple[str, ...]:
    """Return the statements of section 8, line by line; those of section 11 where it has none."""
    said = [_printable(text) for text in _statements(words)]
    if not any(said):
        said = [_printable(text[1:]) for text in _statements(codes) if text[:1] in {bytes([_CODED]), bytes([_TEXT])}]
    return tuple(text for text in said if text)[:_MAX_STATEMENTS]


def _statements(body: bytes) -> Iterator[bytes]:
    position = _FIXED_BYTES
    for _ in range(body[_FIXED_BYTES - 1] if len(body) >= _FIXED_BYTES else 0):
        if position + _STATEMENT.size > len(body):
            return
        _, length = _STATEMENT.unpack_from(body, position)
        position += _STATEMENT.size
        yield body[position : position + length]
        position += length


def _printable(raw: bytes) -> str:
    """Return a statement; the parts of a coded one are ended by zeros, which become blanks."""
    text = raw.rstrip(b"\0").replace(b"\0", b" ").decode("latin-1")[:_MAX_CHARACTERS]
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
