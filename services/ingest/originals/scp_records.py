"""SCP-ECG records without the person (EN 1064): section 1 cut down to what is needed, sections of text left out.

Every part that stays is copied to its place in an empty record, so that nothing between the sections stays either;
checksums are renewed.
"""

import binascii
import struct
from collections.abc import Iterator
from typing import Final

from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording

_CRC_BYTES: Final = 2
_CRC_START: Final = 0xFFFF
_RECORD: Final = struct.Struct("<HI")
_SECTION: Final = struct.Struct("<HHIBB6x")
_POINTER: Final = struct.Struct("<HII")
_FIELD: Final = struct.Struct("<BH")
_RESERVED: Final = slice(10, 16)
_PERSON: Final = 1
_KEPT: Final = frozenset({2, 3, 4, 5, 6, 7, 10})
"""Tables, leads, QRS complexes, reference beat, rhythm, measurements: numbers. Text lies in 8, 9, 11 and above."""
_END: Final = 255
_PATIENT_ID: Final = 2
_AGE: Final = 4
_MACHINE: Final = 14
_SAFE: Final = frozenset({_AGE, 6, 7, 8, 25, 26, 27, 28, 29})
"""Age, height, weight, sex, date and time of the acquisition, filters."""
_PLACE: Final = slice(0, 6)
"""Institution, department and number of the machine."""
_STRINGS_AT: Final = 36
_SERIAL: Final = 1
_MAKER: Final = 4
_YEARS, _DAYS = 1, 4
_DAYS_PER_YEAR: Final = 365.25


def without_person(file: UploadedFile, recording: Recording) -> UploadedFile:
    """Return the record with its rhythm and measurements, sex, an age, the time and the machine."""
    data = file.data
    _, length = _RECORD.unpack_from(data)
    _, _, size, *_ = _SECTION.unpack_from(data, _RECORD.size)
    length = min(length, len(data)) if length else len(data)
    blank = bytearray(length)
    sections = dict(_sections(data, size))
    for start, end, number in sections.values():
        section = bytearray(data[start:end])
        section[_RESERVED] = bytes(6)
        if number == _PERSON:
            body = _header(bytes(section[_SECTION.size :]), recording)
            section[_SECTION.size :] = body.ljust(len(section) - _SECTION.size, b"\0")
        blank[start:end] = _sealed(section)
    pointers = bytearray(data[_RECORD.size : _RECORD.size + size])
    for position in range(_SECTION.size, len(pointers) - _POINTER.size + 1, _POINTER.size):
        number, _, _ = _POINTER.unpack_from(pointers, position)
        if number and position not in sections:
            _POINTER.pack_into(pointers, position, number, 0, 0)
    blank[_RECORD.size : _RECORD.size + size] = _sealed(pointers)
    struct.pack_into("<I", blank, _CRC_BYTES, length)
    return UploadedFile(file.name, bytes(_sealed(blank)))


def _sections(data: bytes, size: int) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Yield the sections that stay: the place of the pointer in section 0, then start, end and number."""
    for position in range(_SECTION.size, size - _POINTER.size + 1, _POINTER.size):
        number, length, index = _POINTER.unpack_from(data, _RECORD.size + position)
        if number in _KEPT | {_PERSON} and length > _SECTION.size:
            yield position, (index - 1, index - 1 + length, number)


def _sealed(part: bytearray) -> bytearray:
    part[:_CRC_BYTES] = struct.pack("<H", binascii.crc_hqx(bytes(part[_CRC_BYTES:]), _CRC_START))
    return part


def _header(body: bytes, recording: Recording) -> bytes:
    kept = {tag: value for tag, value in _fields(body) if tag in _SAFE}
    machine = next((value for tag, value in _fields(body) if tag == _MACHINE), None)
    if machine is not None:
        kept[_MACHINE] = _machine(machine)
    kept[_PATIENT_ID] = b"\0"
    if recording.age_years is not None and (_AGE not in kept or recording.age_years.is_integer()):
        kept[_AGE] = _age(recording.age_years)
    fields = b"".join(_FIELD.pack(tag, len(value)) + value for tag, value in sorted(kept.items()))
    return fields + _FIELD.pack(_END, 0)


def _fields(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _FIELD.size <= len(body):
        tag, length = _FIELD.unpack_from(body, position)
        position += _FIELD.size
        if tag == _END:
            return
        yield tag, body[position : position + length]
        position += length


def _machine(value: bytes) -> bytes:
    """Return the description of a machine without its place and its serial number."""
    fixed, texts = bytearray(value[:_STRINGS_AT]), value[_STRINGS_AT:].split(b"\0")[: _MAKER + 1]
    fixed[_PLACE] = bytes(6)
    if len(texts) > _SERIAL:
        texts[_SERIAL] = b""
    return bytes(fixed) + b"\0".join(texts) + b"\0"


def _age(years: float) -> bytes:
    if years >= 1:
        return struct.pack("<HB", int(years), _YEARS)
    return struct.pack("<HB", round(years * _DAYS_PER_YEAR), _DAYS)
