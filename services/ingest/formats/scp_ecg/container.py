"""Record header and section 0: where the sections lie, and whether their checksums hold."""

import binascii
import struct
from dataclasses import dataclass
from typing import Final

from services.shared.errors import UnreadableFile

POINTERS: Final = 0
HEADER: Final = 1
HUFFMAN: Final = 2
LEADS: Final = 3
QRS: Final = 4
REFERENCE_BEAT: Final = 5
RHYTHM: Final = 6
MEASUREMENTS: Final = 7
STATEMENTS: Final = 8
CODED_STATEMENTS: Final = 11
_LONG_TERM: Final = 12
_MARK: Final = b"SCPECG"
_MARK_AT: Final = 16
_RECORD: Final = struct.Struct("<HI")
_SECTION: Final = struct.Struct("<HHIBB6x")
_POINTER: Final = struct.Struct("<HII")
_CRC_BYTES: Final = 2
_CRC_START: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Record:
    """The bodies of the sections that hold something, without their headers."""

    bodies: dict[int, bytes]
    damaged: tuple[str, ...]
    """What bears a checksum (CRC-CCITT) that does not fit, e.g. "section 6"."""

    def needed(self, number: int, what: str) -> bytes:
        """Return the body of a section; raises UnreadableFile where the record has none."""
        body = self.bodies.get(number)
        if body is None:
            hint = " It holds a long-term recording, which is not read." if _LONG_TERM in self.bodies else ""
            raise UnreadableFile(f"The SCP-ECG record has no section {number} ({what}); export it with its ECG.{hint}")
        return body


def is_record(data: bytes) -> bool:
    """Say whether data begins as a record does: with section 0, marked by name or pointing to itself."""
    if len(data) < _RECORD.size + _SECTION.size + _POINTER.size:
        return False
    _, number, length, *_ = _SECTION.unpack_from(data, _RECORD.size)
    if number != POINTERS:
        return False
    own = _POINTER.unpack_from(data, _RECORD.size + _SECTION.size)
    return data[_MARK_AT : _MARK_AT + len(_MARK)] == _MARK or own == (POINTERS, length, _RECORD.size + 1)


def parse_record(data: bytes) -> Record:
    """Return the sections that section 0 points to; raises UnreadableFile where one is not there."""
    if not is_record(data):
        raise UnreadableFile("The file is no SCP-ECG record: it does not begin with a section of pointers.")
    crc, length = _RECORD.unpack_from(data)
    damaged = [] if length <= len(data) and _fits(crc, data[_CRC_BYTES:length]) else ["the record"]
    bodies: dict[int, bytes] = {}
    for number, size, index in _pointers(data):
        if number == POINTERS or size <= _SECTION.size:
            continue
        section = data[max(index - 1, 0) : max(index - 1, 0) + size]
        if index < 1 or len(section) < size:
            raise UnreadableFile(
                f"The SCP-ECG record is truncated: section {number} is {size} bytes, {len(section)} are there."
            )
        checksum, stated, *_ = _SECTION.unpack_from(section)
        if stated != number:
            raise UnreadableFile(f"The SCP-ECG record is damaged: section {number} was expected where {stated} lies.")
        if not _fits(checksum, section[_CRC_BYTES:]):
            damaged.append(f"section {number}")
        bodies.setdefault(number, section[_SECTION.size :])
    return Record(bodies, tuple(dict.fromkeys(damaged)))


def _pointers(data: bytes) -> list[tuple[int, int, int]]:
    """Return number, length and index of every section; each byte of the file belongs to one section at most."""
    length = min(_SECTION.unpack_from(data, _RECORD.size)[2], len(data) - _RECORD.size)
    start = _RECORD.size + _SECTION.size
    count = max(length - _SECTION.size, 0) // _POINTER.size
    pointers: list[tuple[int, int, int]] = list(_POINTER.iter_unpack(data[start : start + count * _POINTER.size]))
    if sum(size for _, size, _ in pointers) > 2 * len(data):
        raise UnreadableFile("The SCP-ECG record is truncated or damaged: its sections are larger than the file.")
    return pointers


def _fits(crc: int, data: bytes) -> bool:
    return binascii.crc_hqx(data, _CRC_START) == crc
