"""WFDB: a .hea header and the signal files it names (.dat, .mat, …), gain and baseline per signal.

https://physionet.org/physiotools/wag/header-5.htm, /signal-5.htm
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import canonical
from services.ingest.decoding.subject import Subject, age_years, sex
from services.ingest.decoding.units import millivolt_per
from services.ingest.decoding.wfdb_header import RECORD, Header, is_header, parse_header
from services.ingest.formats.base import MAX_DECODED_BYTES, UploadedFile
from services.shared.ecg import LEAD_LAYOUTS, Recording, Remark, Signal
from services.shared.errors import TooLarge, UnreadableFile

NAME = "wfdb"

_COMMENT = re.compile(r"\W*(age|sex)\W*:?\s*(\S+)", re.IGNORECASE)
_BYTES_PER_SAMPLE: Final = {"8": 1, "80": 1, "16": 2, "61": 2, "160": 2, "212": 1.5, "310": 4 / 3, "311": 4 / 3,
                            "24": 3, "32": 4}  # fmt: skip
_DECODED_BYTES: Final = 8
_CHECKSUM_RANGE: Final = 1 << 16


def sniff(file: UploadedFile) -> bool:
    """Recognise a header by its record line and signal lines."""
    return is_header(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a header with its signal files, which are the companions of the file."""
    header = parse_header(file.data)
    absent = [name for name in header.renamed if name not in file.companions]
    if len(absent) == len(header.renamed):
        raise UnreadableFile(f"The header needs {', '.join(absent)[:200]}; upload it together with the .hea file.")
    record = _record(header, file)
    factors = [millivolt_per(unit or "mV") for unit in record.units]
    volts = [row for row, factor in enumerate(factors) if factor is not None]
    if not volts:
        raise UnreadableFile("None of the record's signals is a voltage.")
    remarks = [*_remarks(record, header, absent), *_left_out(record, volts)]
    names = _names([record.sig_name[row] or "" for row in volts], declaration, remarks)
    signal = _millivolt(record, volts, [factors[row] or 1.0 for row in volts])
    rate_hz = float(record.fs if header.states_rate else declaration.rate_hz or record.fs)
    return assemble(Found(signal, names, rate_hz, tuple(remarks), _subject(record.comments)))


def _record(header: Header, file: UploadedFile) -> Any:
    """Return wfdb's record with its digital signal; the library reads files only, so they are laid out for it."""
    import wfdb  # noqa: PLC0415 a heavy import that only this format needs

    with tempfile.TemporaryDirectory(prefix="einthoven-") as folder:
        place = str(Path(folder, RECORD))
        Path(folder, RECORD + ".hea").write_text(header.text, encoding="utf-8")
        for name, alias in header.renamed.items():
            if name in file.companions:
                Path(folder, alias).write_bytes(file.companions[name])
        try:
            outline = wfdb.rdheader(place)
            _check_size(outline, header, file)
            present = [row for row, alias in enumerate(outline.file_name) if Path(folder, alias).exists()]
            return wfdb.rdrecord(place, physical=False, channels=present)
        except (UnreadableFile, TooLarge):
            raise
        except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
            raise UnreadableFile(
                "The record cannot be read: its header or a signal file is damaged, truncated or of an unknown format."
            ) from None


def _check_size(outline: Any, header: Header, file: UploadedFile) -> None:
    """Refuse a header that announces more samples than its files hold, before anything is allocated for them."""
    length = outline.sig_len or 0
    if length * sum(outline.samps_per_frame) * _DECODED_BYTES > MAX_DECODED_BYTES:
        raise TooLarge(f"The header announces {length} samples of {outline.n_sig} signals: more than is read at once.")
    names = {alias: name for name, alias in header.renamed.items()}
    for alias, name in names.items():
        rows = [row for row, used in enumerate(outline.file_name) if used == alias]
        per_frame = sum(outline.samps_per_frame[row] * _BYTES_PER_SAMPLE.get(outline.fmt[row], 0) for row in rows)
        expected = int(length * per_frame) + max(outline.byte_offset[row] or 0 for row in rows)
        data = file.companions.get(name)
        if data is not None and len(data) < expected:
            raise UnreadableFile(f"{name} is truncated: {expected} bytes were expected, {len(data)} are there.")


def _millivolt(record: Any, rows: list[int], factors: list[float]) -> Signal:
    signal = record.dac()[:, rows].T * np.asarray(factors)[:, None]
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
        return np.ascontiguousarray(signal, dtype=np.float32)


def _remarks(record: Any, header: Header, absent: list[str]) -> Iterator[Remark]:
    if absent:
        yield Remark("missing_companion", f"{', '.join(absent)[:200]} was not uploaded; its signals are missing.")
    if not header.states_rate:
        yield Remark("default_rate", "The header states no rate: the declared one, or else the standard's, was taken.")
    if not header.states_gain:
        yield Remark("default_gain", "Where the header states no gain, the standard's 200 units per mV were taken.")
    stated = [checksum for checksum in record.checksum if checksum is not None]
    sums = record.calc_checksum()
    if len(stated) == len(sums) and any((a - b) % _CHECKSUM_RANGE for a, b in zip(stated, sums, strict=True)):
        yield Remark(
            "checksum_mismatch", "The checksums of the header do not fit the samples: the file may be damaged."
        )


def _left_out(record: Any, volts: list[int]) -> Iterator[Remark]:
    others = [str(name) for row, name in enumerate(record.sig_name) if row not in volts]
    if others:
        yield Remark("other_signals", f"{', '.join(others)[:200]} are no voltages and were left out.")


def _names(names: list[str], declaration: Declaration, remarks: list[Remark]) -> tuple[str, ...]:
    layout = LEAD_LAYOUTS[declaration.lead_layout or "standard"]
    if any(map(canonical, names)) or len(names) != len(layout):
        return tuple(names)
    if not declaration.lead_layout:
        remarks.append(Remark("assumed_layout", "The header names no leads: the standard order was taken."))
    return layout


def _subject(comments: list[str]) -> Subject:
    found = {match[1].lower(): match[2] for comment in comments if (match := _COMMENT.match(comment))}
    return Subject(age_years=age_years(found.get("age", "")), sex=sex(found.get("sex", "")))
