"""Section 1: patient and acquisition, as tagged fields."""

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ingest.decoding.subject import MAX_AGE_YEARS, age_between

_FIELD: Final = struct.Struct("<BH")
_END: Final = 255
_PATIENT_ID: Final = 2
_AGE: Final = 4
_BIRTH: Final = 5
_SEX: Final = 8
_MACHINE: Final = 14
_DATE: Final = 25
_TIME: Final = 26
_HIGH_PASS: Final = 27
_LOW_PASS: Final = 28
_FILTERS: Final = 29
_NOTCH_HZ: Final = {1: 60.0, 2: 50.0}
"""By the lowest two bits of the map of filters; both together say nothing."""
_YEARS_PER: Final = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
_SEXES: Final = {1: "male", 2: "female"}
_MODEL: Final = slice(8, 14)
_STRINGS_AT: Final = 36
_MAKER: Final = 4
"""The place of the manufacturer's name among the texts of a machine."""


@dataclass(frozen=True, slots=True)
class Header:
    """What section 1 says that the platform may keep; names and dates of birth are not taken over."""

    patient_id: str | None = None
    age_years: float | None = None
    sex: str | None = None
    device: str | None = None
    acquired: datetime | None = None
    """In the local time of the device."""
    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None


def parse_header(body: bytes) -> Header:
    """Return the header; what is absent, unknown or damaged is None."""
    fields = _fields(body)
    acquired = _date(fields.get(_DATE, b""), fields.get(_TIME, b""))
    return Header(
        patient_id=_text(fields.get(_PATIENT_ID, b"")),
        age_years=_age(fields.get(_AGE, b"")) or age_between(_date(fields.get(_BIRTH, b"")), acquired),
        sex=_SEXES.get(next(iter(fields.get(_SEX, b"")), 0)),
        device=_device(fields.get(_MACHINE, b"")),
        acquired=acquired,
        high_pass_hz=_number(fields.get(_HIGH_PASS, b""), 0.01),
        low_pass_hz=_number(fields.get(_LOW_PASS, b""), 1.0),
        notch_hz=_NOTCH_HZ.get(next(iter(fields.get(_FILTERS, b"")), 0) & 3),
    )


def _fields(body: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    position = 0
    while position + _FIELD.size <= len(body):
        tag, length = _FIELD.unpack_from(body, position)
        position += _FIELD.size
        if tag == _END or position + length > len(body):
            break
        fields.setdefault(tag, body[position : position + length])
        position += length
    return fields


def _text(raw: bytes) -> str | None:
    text = raw.split(b"\0")[0].decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip() or None


def _number(raw: bytes, unit: float) -> float | None:
    return round(int.from_bytes(raw[:2], "little") * unit, 2) or None if len(raw) > 1 else None


def _age(raw: bytes) -> float | None:
    if len(raw) <= 2:  # noqa: PLR2004 a number of two bytes and its unit
        return None
    years = int.from_bytes(raw[:2], "little") * _YEARS_PER.get(raw[2], 0.0)
    return years if 0 < years <= MAX_AGE_YEARS else None


def _date(day: bytes, time: bytes = b"") -> datetime | None:
    try:
        year, month, date = struct.unpack_from("<HBB", day)
        return datetime(year, month, date, *time[:3])  # noqa: DTZ001 devices state no zone
    except (struct.error, ValueError, TypeError):
        return None


def _device(raw: bytes) -> str | None:
    texts = raw[_STRINGS_AT:].split(b"\0")
    maker = _text(texts[_MAKER]) if len(texts) > _MAKER else None
    return " ".join(part for part in (maker, _text(raw[_MODEL])) if part) or None
