"""The header of EDF and EDF+: fixed fields of ASCII, for the file and then for every signal.

Kemp et al., Electroenceph Clin Neurophysiol 82 (1992) 391-393, https://www.edfplus.info/specs/edf.html and edfplus.html
"""

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.edf_claims import acquired_at
from services.ingest.decoding.subject import UNKNOWN, Subject, age_between, sex
from services.shared.errors import UnreadableFile

ANNOTATIONS: Final = "EDF Annotations"
_MAGIC: Final = b"0       "
_BLOCK_BYTES: Final = 256
_MAX_SIGNALS: Final = 512
_WIDTHS: Final = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
"""Label, transducer, unit, physical and digital least and most, filters, samples per record, reserved."""
_CONTINUOUS: Final = "EDF+C"
_DISCONTINUOUS: Final = "EDF+D"
_SAID_NOTHING: Final = frozenset({"", "X"})
_MONTHS: Final = {name: n for n, name in enumerate(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1)}  # fmt: skip
_DAY = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})")
_PATIENT_FIELDS: Final = 3
_EQUIPMENT: Final = 4


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """What the header says of one signal."""

    label: str
    unit: str
    physical: tuple[float, float]
    """The values of the digital extremes, in the unit."""
    digital: tuple[int, int]
    per_record: int
    """Samples in every data record."""
    filters: str
    """As the recorder words them, e.g. "HP:0.05Hz LP:150Hz N:50Hz"."""
    offset: int
    """Its samples begin after so many others in every data record."""


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What the header says of the file."""

    records: int
    """Data records, -1 where the recorder did not write their number."""
    record_s: Decimal
    """The duration of one."""
    signals: tuple[EdfSignal, ...]
    is_discontinuous: bool
    subject: Subject
    device: str | None
    acquired_at: str | None
    """ISO 8601, in the local time of the recorder."""

    @property
    def header_bytes(self) -> int:
        """Where the data records begin."""
        return _BLOCK_BYTES * (len(self.signals) + 1)

    @property
    def per_record(self) -> int:
        """The samples of all signals in one data record."""
        return sum(signal.per_record for signal in self.signals)


def is_edf(data: bytes) -> bool:
    """Say whether data begins with the header of an EDF: version 0, text only, numbers where they belong."""
    head = data[:_BLOCK_BYTES]
    if len(head) < _BLOCK_BYTES or not head.startswith(_MAGIC):
        return False
    return head[184:192].strip().isdigit() and head[252:256].strip().isdigit() and b"\n" not in head


def parse_edf(data: bytes, declaration: Declaration) -> EdfHeader:
    """Return what the header says; raises UnreadableFile where it is damaged."""
    if not is_edf(data):
        raise UnreadableFile("The file is no EDF: a header of 256 characters that begins with version 0 was expected.")
    count = int(data[252:256])
    announced = int(data[184:192])
    if not 0 < count <= _MAX_SIGNALS or announced != _BLOCK_BYTES * (count + 1):
        raise UnreadableFile(
            f"The EDF announces {count} signals and a header of {announced} bytes, which do not fit each other: "
            f"256 bytes and 256 for each of 1 to {_MAX_SIGNALS} signals were expected."
        )
    if len(data) < announced:
        raise UnreadableFile("The EDF is truncated: its header is not whole; export it again.")
    kind = _text(data[192:236])
    is_plus = kind.startswith((_CONTINUOUS, _DISCONTINUOUS))
    recording = _text(data[88:168]).split()
    return EdfHeader(
        records=_whole(data[236:244], "number of data records"),
        record_s=_number(data[244:252], "duration of a data record"),
        signals=_signals(data[_BLOCK_BYTES:announced], count),
        is_discontinuous=kind.startswith(_DISCONTINUOUS),
        subject=_subject(_text(data[8:88]).split(), recording, declaration) if is_plus else UNKNOWN,
        device=_device(recording) if is_plus else None,
        acquired_at=acquired_at(
            _text(data[168:176]),
            _text(data[176:184]),
            full_day=_started(recording),
            is_hidden=is_plus and recording[:2] == ["Startdate", "X"],
        ),
    )


def _signals(block: bytes, count: int) -> tuple[EdfSignal, ...]:
    columns: list[list[bytes]] = []
    position = 0
    for width in _WIDTHS:
        columns.append([block[position + n * width : position + (n + 1) * width] for n in range(count)])
        position += width * count
    signals: list[EdfSignal] = []
    offset = 0
    for label, _, unit, low, high, least, most, filters, length, _ in zip(*columns, strict=True):
        name = _text(label)
        per_record = _whole(length, f"number of samples of {name!r}")
        if per_record < 0:
            raise UnreadableFile(f"The EDF announces {per_record} samples of {name!r} in each data record.")
        is_signal = name != ANNOTATIONS  # the ranges of annotations mean nothing
        signals.append(
            EdfSignal(
                label=name,
                unit=_text(unit),
                physical=(_float(low, name), _float(high, name)) if is_signal else (-1.0, 1.0),
                digital=(_whole(least, name), _whole(most, name)) if is_signal else (-1, 1),
                per_record=per_record,
                filters=_text(filters),
                offset=offset,
            )
        )
        offset += per_record
    return tuple(signals)


def _subject(patient: list[str], recording: list[str], declaration: Declaration) -> Subject:
    """Return whom the fields of EDF+ name: code, sex, birth date, name; in plain EDF they are free text."""
    code, sex_said, born = (*patient, *["X"] * _PATIENT_FIELDS)[:_PATIENT_FIELDS]
    birth, start = _day(born), _day(recording[1]) if len(recording) > 1 else None
    return Subject(
        age_years=age_between(birth, start),
        sex=sex(sex_said),
        patient=declaration.pseudonym("" if code in _SAID_NOTHING else code),
    )


def _started(recording: list[str]) -> dt.date | None:
    """Return the day with its whole year, which EDF+ writes behind "Startdate", and some plain EDF too."""
    return _day(recording[1]) if len(recording) > 1 and recording[0] == "Startdate" else None


def _device(recording: list[str]) -> str | None:
    """Return the equipment, the last of: "Startdate", date, hospital code, technician, equipment."""
    equipment = recording[_EQUIPMENT] if len(recording) > _EQUIPMENT and recording[0] == "Startdate" else ""
    return None if equipment in _SAID_NOTHING else equipment.replace("_", " ")


def _day(text: str) -> dt.date | None:
    match = _DAY.fullmatch(text.upper())
    try:
        return dt.date(int(match[3]), _MONTHS[match[2]], int(match[1])) if match else None
    except (ValueError, KeyError):
        return None


def _text(field: bytes) -> str:
    return field.replace(b"\0", b" ").decode("latin-1").strip()


def _number(field: bytes, what: str) -> Decimal:
    try:
        value = Decimal(_text(field))
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and math.isfinite(float(value))):
        raise UnreadableFile(f"The EDF states {_text(field)!r} as the {what}; a number was expected.")
    return value


def _float(field: bytes, label: str) -> float:
    return float(_number(field, f"physical range of {label!r}"))


def _whole(field: bytes, what: str) -> int:
    try:
        return int(_text(field))
    except ValueError:
        raise UnreadableFile(f"The EDF states {_text(field)!r} as the {what}; a whole number was expected.") from None
