"""ISHNE recordings without the person: names, id, race, date of birth and free texts blank, checksum renewed."""

import binascii
import datetime as dt
import struct
from typing import Final

from services.ingest.decoding.subject import born_for
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording

_HEADER_BYTES: Final = 522
_SIZES: Final = struct.Struct("<4i")
"""Bytes of the variable block, samples per lead, where that block and where the samples begin."""
_SIZES_AT: Final = 10
_PERSON: Final = slice(28, 128)
"""First name, last name, id."""
_RACE: Final = slice(130, 132)
_BORN: Final = slice(132, 138)
_RECORDED_AT: Final = 138
_LEADS_AT: Final = 156
_RECORDER: Final = slice(232, 272)
_TEXTS: Final = slice(274, _HEADER_BYTES)
"""Owner, copyright, reserved."""
_CHECKSUM: Final = slice(8, 10)
_DATE: Final = struct.Struct("<3h")
_COUNT: Final = struct.Struct("<h")
_CHECKSUM_START: Final = 0xFFFF


def without_person(file: UploadedFile, recording: Recording) -> UploadedFile:
    """Return the recording with sex, an age, its date and its recorder."""
    variable, _, _, start = _SIZES.unpack_from(file.data, _SIZES_AT)
    (leads,) = _COUNT.unpack_from(file.data, _LEADS_AT)
    data = bytearray(file.data[: start + 2 * leads * recording.samples])
    data[_HEADER_BYTES:start] = bytes(start - _HEADER_BYTES)
    for part in (_PERSON, _RACE, _TEXTS):
        data[part] = bytes(part.stop - part.start)
    data[_RECORDER] = bytes(data[_RECORDER]).split(b"\0")[0].ljust(_RECORDER.stop - _RECORDER.start, b"\0")
    data[_BORN] = _born(recording, _DATE.unpack_from(data, _RECORDED_AT))
    checked = data[_SIZES_AT : _HEADER_BYTES + max(variable, 0)]
    data[_CHECKSUM] = struct.pack("<H", binascii.crc_hqx(bytes(checked), _CHECKSUM_START))
    return UploadedFile(file.name, bytes(data))


def _born(recording: Recording, recorded: tuple[int, int, int]) -> bytes:
    if recording.age_years is None:
        return bytes(_DATE.size)
    day, month, year = recorded
    born = born_for(recording.age_years, dt.date(year, month, day))
    return _DATE.pack(born.day, born.month, born.year) if born else bytes(_DATE.size)
