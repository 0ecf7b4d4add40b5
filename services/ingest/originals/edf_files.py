"""EDF and EDF+ without the person: the two fields that tell of the patient and the recording, and all annotations.

https://www.edfplus.info/specs/edfplus.html, 2.1.3.3 and 2.1.3.4
"""

import datetime as dt
import re
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.edf_header import ANNOTATIONS, EdfHeader, parse_edf
from services.ingest.decoding.subject import born_for
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording

_PATIENT: Final = slice(8, 88)
_RECORDING: Final = slice(88, 168)
_RESERVED: Final = slice(192, 236)
_FIXED_BYTES: Final = 256
_KIND_BYTES: Final = 5
_WIDTHS: Final = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_TRANSDUCER: Final = 1
_FILTERS: Final = 7
_SIGNAL_RESERVED: Final = 9
_FILTER_TEXT: Final = re.compile(rb"(?:(?:HP|LP|BP|N|NOTCH)[ :=]*[\d.]+(?:-[\d.]+)? ?(?:k?Hz)?[ ,;]*)*", re.IGNORECASE)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_START_DAY: Final = re.compile(rb"Startdate (\d{2})-([A-Z]{3})-(\d{4})\b")
_EQUIPMENT: Final = 4
_SEXES: Final = {"female": "F", "male": "M"}
_ONSET: Final = re.compile(rb"[+-]\d+(?:\.\d*)?(?=\x14)")


def without_person(file: UploadedFile, recording: Recording) -> UploadedFile:
    """Return the file with its signals, sex and age, the day it began and the equipment."""
    header = parse_edf(file.data, Declaration())
    records = header.records if header.records >= 0 else _records_in(file.data, header)
    data = bytearray(file.data[: header.header_bytes + 2 * header.per_record * records])
    kind = bytes(data[_RESERVED][:_KIND_BYTES])
    is_plus = kind in {b"EDF+C", b"EDF+D"}
    patient, session = _fields(bytes(data[_RECORDING]), recording) if is_plus else (b"", b"")
    data[_PATIENT], data[_RECORDING] = patient.ljust(80)[:80], session.ljust(80)[:80]
    data[_RESERVED] = (kind if is_plus else b"").ljust(44)
    _blank_signal_texts(data, len(header.signals))
    _blank_annotations(data, header, records)
    return UploadedFile(file.name, bytes(data))


def _records_in(data: bytes, header: EdfHeader) -> int:
    return (len(data) - header.header_bytes) // (2 * header.per_record)


def _fields(session: bytes, recording: Recording) -> tuple[bytes, bytes]:
    """Return the two fields of EDF+ that say no more than sex, an age, a day and a device."""
    stated = _START_DAY.match(session.upper().replace(b"STARTDATE", b"Startdate"))
    start = _day(stated) if stated else None
    born = None
    if start is not None and recording.age_years is not None:
        born = born_for(recording.age_years, start)
    sex = _SEXES.get(recording.sex or "", "X")
    parts = session.split()
    equipment = parts[_EQUIPMENT] if len(parts) > _EQUIPMENT else b"X"
    return f"X {sex} {_text(born)} X".encode(), f"Startdate {_text(start)} X X ".encode() + equipment


def _day(match: re.Match[bytes]) -> dt.date | None:
    try:
        return dt.date(int(match[3]), _MONTHS.index(match[2].decode()) + 1, int(match[1]))
    except ValueError:
        return None


def _text(day: dt.date | None) -> str:
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}" if day else "X"


def _blank_signal_texts(data: bytearray, count: int) -> None:
    position = _FIXED_BYTES
    for column, width in enumerate(_WIDTHS):
        for start in range(position, position + count * width, width):
            field = bytes(data[start : start + width])
            is_free = column in {_TRANSDUCER, _SIGNAL_RESERVED}
            if is_free or (column == _FILTERS and not _FILTER_TEXT.fullmatch(field.strip())):
                data[start : start + width] = b" " * width
        position += count * width


def _blank_annotations(data: bytearray, header: EdfHeader, records: int) -> None:
    """Leave of the annotations no more than when each data record begins."""
    for signal in header.signals:
        if signal.label != ANNOTATIONS:
            continue
        for record in range(records):
            start = header.header_bytes + 2 * (record * header.per_record + signal.offset)
            end = start + 2 * signal.per_record
            onset = _ONSET.match(bytes(data[start : min(end, start + 32)]))
            kept = onset[0] + b"\x14\x14\0" if onset else b""
            data[start:end] = kept.ljust(end - start, b"\0")[: end - start]
