"""WFDB records without the person: of comments, age, sex and coded diagnoses stay; of signal files, samples."""

import re
from typing import Final

from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording

_PLAIN: Final = {"8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0, "212": 1.5}
"""Formats of fixed width, by the bytes of a sample: nothing but samples can lie in them."""
_FORMAT: Final = re.compile(r"(\d+)(?:\+(\d+))?")
_NUMBERS: Final = re.compile(r"[\d.:/()+-]*")
_COMMENT: Final = re.compile(r"#\s*(?:age\W+[\d.]{1,6}|sex\W+(?:f|m|female|male)|dx\W+[\d, ]{1,400})\W*", re.IGNORECASE)
_MAT_PROLOG: Final = 24
_MAT_NAME: Final = b"val\0"
_RECORD: Final = "record"
_SIGNALS_FIELD: Final = 1
_LENGTH_FIELD: Final = 3


def without_person(file: UploadedFile, recording: Recording) -> UploadedFile | None:
    """Return header and signal files; None where they hold what cannot be told to be samples."""
    lines = file.data.decode("utf-8", "replace").splitlines()
    comments = [line for line in lines if line.startswith("#") and _COMMENT.fullmatch(line.strip())]
    plain = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    fields = plain[0].split()
    if "/" in fields[0] or len(fields) <= _LENGTH_FIELD or not fields[_LENGTH_FIELD].isdigit():
        return None
    signals = plain[1 : 1 + int(fields[_SIGNALS_FIELD])]
    companions = {name: _samples(name, data, signals, recording.samples) for name, data in file.companions.items()}
    if None in companions.values():
        return None
    stated = [text for text in fields[1:] if _NUMBERS.fullmatch(text)]
    header = "\n".join([" ".join([_RECORD, *stated]), *signals, *comments]) + "\n"
    return UploadedFile(file.name, header.encode(), {name: data for name, data in companions.items() if data})


def _samples(name: str, data: bytes, signals: list[str], length: int) -> bytes | None:
    """Return the part of a signal file that is samples; None where it cannot be told."""
    widths, offsets = 0.0, set()
    for fields in (line.split() for line in signals):
        if fields[0] == name:
            match = _FORMAT.fullmatch(fields[1])
            if match is None or match[1] not in _PLAIN:
                return None
            widths += _PLAIN[match[1]]
            offsets.add(int(match[2] or 0))
    offset = max(offsets, default=0)
    if len(offsets) != 1 or (offset and not _is_mat_prolog(data[:offset])):
        return None
    return data[: offset + -(-int(2 * widths * length) // 2)]


def _is_mat_prolog(prolog: bytes) -> bool:
    """Say whether bytes before the samples are the head of a level 4 MAT that holds "val", as of the Challenges."""
    return len(prolog) == _MAT_PROLOG and prolog.endswith(_MAT_NAME)
