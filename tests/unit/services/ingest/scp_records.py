"""SCP-ECG records for the tests: sections as the standard lays them out, and what its annex C does to a rhythm."""

import binascii
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Structure = tuple[str, int, int, int]
"""A prefix as bits, the number of bits after it, the mode, and the base value."""

DEFAULT: list[Structure] = [
    ("0", 0, 1, 0),
    ("100", 0, 1, 1),
    ("101", 0, 1, -1),
    ("1100", 0, 1, 2),
    ("1101", 0, 1, -2),
    ("11100", 0, 1, 3),
    ("11101", 0, 1, -3),
    ("111100", 0, 1, 4),
    ("111101", 0, 1, -4),
    ("1111100", 0, 1, 5),
    ("1111101", 0, 1, -5),
    ("11111100", 0, 1, 6),
    ("11111101", 0, 1, -6),
    ("111111100", 0, 1, 7),
    ("111111101", 0, 1, -7),
    ("1111111100", 0, 1, 8),
    ("1111111101", 0, 1, -8),
    ("1111111110", 8, 1, 0),
    ("1111111111", 16, 1, 0),
]
TWELVE = (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)
"""The standard's codes of the twelve leads in canonical order."""
EIGHT = (1, 2, 3, 4, 5, 6, 7, 8)


def record_of(sections: dict[int, bytes]) -> bytes:
    """Return a record with these bodies of sections and right checksums."""
    listed = {number: sections.get(number, b"") for number in range(12)}
    index, pointers, bodies = 7 + 16 + 120, [(0, 136, 7)], b""
    for number, body in listed.items():
        if number:
            length = len(body) + 16 if body else 0
            pointers.append((number, length, index if body else 0))
            bodies += section_of(number, body) if body else b""
            index += length
    rest = section_of(0, b"".join(struct.pack("<HII", *pointer) for pointer in pointers), b"SCPECG") + bodies
    rest = struct.pack("<I", len(rest) + 6) + rest
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def section_of(number: int, body: bytes, reserved: bytes = bytes(6)) -> bytes:
    """Return a section with its header."""
    rest = struct.pack("<HIBB", number, len(body) + 16, 20, 20) + reserved + body
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def header_of(**fields: bytes) -> bytes:
    """Return section 1 with fields by tag: t2=b"..."."""
    parts = [struct.pack("<BH", int(tag[1:]), len(value)) + value for tag, value in fields.items()]
    return b"".join(parts) + b"\xff\0\0"


def leads_of(codes: Sequence[int], samples: int, flags: int = 0, start: int = 1) -> bytes:
    """Return section 3 with leads that all run over the same samples."""
    rows = [struct.pack("<IIB", start, start + samples - 1, code) for code in codes]
    return bytes([len(codes), flags]) + b"".join(rows)


def tables_of(tables: list[list[Structure]]) -> bytes:
    """Return section 2 with tables of one's own."""
    body = struct.pack("<H", len(tables))
    for table in tables:
        body += struct.pack("<H", len(table))
        for prefix, extra, mode, value in table:
            body += struct.pack("<BBBhI", len(prefix), len(prefix) + extra, mode, value, int(prefix[::-1], 2))
    return body


def encoded(values: Iterable[Any], table: list[Structure]) -> bytes:
    """Return values by one table, padded with ones, to an even number of bytes."""
    return packed("".join(bits_of(int(value), table) for value in values))


def packed(bits: str) -> bytes:
    """Return bits as an even number of bytes, padded with ones."""
    bits = bits.ljust(-(-len(bits) // 16) * 16, "1")
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def bits_of(value: int, table: list[Structure]) -> str:
    """Return the shortest code of a value."""
    for prefix, extra, mode, base in sorted(table, key=lambda structure: len(structure[0]) + structure[1]):
        if mode and extra == 0 and base == value:
            return prefix
        if mode and extra and -(1 << (extra - 1)) <= value - base < 1 << (extra - 1):
            return prefix + format((value - base) % (1 << extra), f"0{extra}b")
    raise ValueError(value)


def differences(row: NDArray[Any], order: int) -> NDArray[np.int64]:
    """Return differences of an order after as many samples as they are."""
    row = row.astype(np.int64)
    return np.concatenate([row[:order], np.diff(row, order)]) if order else row


def waves_of(leads: Sequence[bytes], *, nanovolt: int = 1000, us: int = 2000, order: int = 0, flags: int = 0) -> bytes:
    """Return section 5 or 6 of leads that are encoded already; lengths overflow as devices let them."""
    sizes = struct.pack(f"<{len(leads)}H", *(len(lead) % 65536 for lead in leads))
    return struct.pack("<HHBB", nanovolt, us, order, flags) + sizes + b"".join(leads)


def plain(row: NDArray[Any]) -> bytes:
    """Return samples as they are."""
    return row.astype("<i2").tobytes()


def beats_of(
    reference_ms: int, fiducial: int, subtracted: list[tuple[int, int, int, int]], protected: list[tuple[int, int]]
) -> bytes:
    """Return section 4; subtracted are type, start, fiducial point and end, everything counted from 1."""
    body = struct.pack("<HHH", reference_ms, fiducial, len(protected))
    body += b"".join(struct.pack("<HIII", *zone) for zone in subtracted)
    return body + b"".join(struct.pack("<II", *zone) for zone in protected)
