"""ISHNE Holter standard output file: a binary header with a checksum, then interleaved 16-bit samples.

Badilini, "The ISHNE Holter Standard Output File Format", Ann Noninvasive Electrocardiol 3 (1998) 263-266,
https://www.thew-project.org/papers/Badilini.ISHNE.Holter.Standard.pdf
"""

import binascii
import datetime as dt
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.subject import Subject, age_between
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Acquisition, Scale
from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import UnreadableFile

NAME = "ishne"

ABOUT: Final = About(
    title="ISHNE Holter 1.0",
    reads="up to 12 leads by their codes, a variable header of any length; a checksum that does not fit is told",
    refuses="annotation files, a header or samples that are not whole, lead names that occur twice",
    units="nanovolt per unit, per lead; declared where the file leaves it open",
    rate="the header's; declared where the file leaves it open",
    proof=(
        "test_ishne.py::test_each_lead_has_its_own_resolution_and_code",
        "test_real_files.py::test_ishne_of_a_holter",
    ),
)

_MAGIC: Final = b"ISHNE1.0"
_ANNOTATIONS: Final = b"ANN  1.0"
_FIXED: Final = struct.Struct("<8sH4ih40s40s20s2h3h3h3h3hh12h12h12hh40sh")
"""Up to the sampling rate; the texts of maker and copyright that follow are not read."""
_HEADER_BYTES: Final = 522
_CHECKSUM_FROM: Final = 10
_CHECKSUM_START: Final = 0xFFFF
_MAX_LEADS: Final = 12
_LEADS: Final = {
    2: "X", 3: "Y", 4: "Z", 5: "I", 6: "II", 7: "III", 8: "aVR", 9: "aVL", 10: "aVF",
    11: "V1", 12: "V2", 13: "V3", 14: "V4", 15: "V5", 16: "V6", 17: "ES", 18: "AS", 19: "AI",
}  # fmt: skip
_BIPOLAR: Final = 1
_QUALITIES: Final = {2: "noisy at times", 3: "often noisy", 4: "disconnected at times", 5: "often disconnected"}
_SEXES: Final = {1: "male", 2: "female"}
_MILLIVOLT_PER_NANOVOLT: Final = 1e-6
_MISSING: Final = -32768


@dataclass(frozen=True, slots=True)
class _Header:
    """What the fixed part of the header says."""

    checksum: int
    variable_bytes: int
    samples: int
    """Per lead."""
    start: int
    """Where the samples begin."""
    subject: Subject
    names: tuple[str, ...]
    qualities: tuple[int, ...]
    resolutions_nv: tuple[int, ...]
    recorder: str | None
    acquired_at: str | None
    rate_hz: int


def sniff(file: UploadedFile) -> bool:
    """Recognise the magic bytes, of a recording or of the annotations of one."""
    return file.data.startswith((_MAGIC, _ANNOTATIONS))


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the samples of every lead; raises UnreadableFile where some are not there."""
    header = _header(file.data, declaration)
    raw, remarks = _raw(file.data, header)
    rate_hz = float(header.rate_hz) if header.rate_hz > 0 else declaration.rate_hz
    if rate_hz is None:
        raise UnreadableFile("The ISHNE file states no sampling rate; declare sampling_rate_hz.")
    remarks += [*_checksum_remarks(file.data, header), *_quality_remarks(header)]
    signal = _millivolt(raw, header, declaration)
    return assemble(
        Found(signal, header.names, rate_hz, tuple(remarks), header.subject, _acquisition(header, declaration))
    )


def _header(data: bytes, declaration: Declaration) -> _Header:
    if data.startswith(_ANNOTATIONS):
        raise UnreadableFile("The ISHNE file holds annotations only; upload the recording that they belong to.")
    if len(data) < _HEADER_BYTES or not data.startswith(_MAGIC):
        raise UnreadableFile("The ISHNE file is truncated: its header is not whole; export it again.")
    fields = _FIXED.unpack_from(data)
    count = fields[24]
    if not 0 < count <= _MAX_LEADS:
        raise UnreadableFile(f"The ISHNE file announces {count} leads; 1 to {_MAX_LEADS} were expected.")
    subject = Subject(
        age_years=_age(fields[12:15], fields[15:18]),
        sex=_SEXES.get(fields[10]),
        patient=declaration.pseudonym(_text(fields[9])),
    )
    recorder = _text(fields[62])
    return _Header(
        checksum=fields[1],
        variable_bytes=fields[2],
        samples=fields[3],
        start=fields[5],
        subject=subject,
        names=tuple(_name(code, row) for row, code in enumerate(fields[25 : 25 + count])),
        qualities=fields[37 : 37 + count],
        resolutions_nv=fields[49 : 49 + count],
        recorder=None if recorder.lower() in {"", "none", "unknown", "analog", "digital"} else recorder,
        acquired_at=_instant(fields[15:18], fields[21:24]),
        rate_hz=fields[63],
    )


def _raw(data: bytes, header: _Header) -> tuple[NDArray[np.int16], list[Remark]]:
    """Return the samples as they are stored (leads, samples), a view of the file."""
    count, stated = len(header.names), header.samples
    there = max(len(data) - header.start, 0) // (2 * count)
    if header.start < _HEADER_BYTES or not there:
        raise UnreadableFile(f"The samples of the ISHNE file should begin at byte {header.start}: none are there.")
    remarks: list[Remark] = []
    if stated == there * count and count > 1:
        stated = there
        remarks.append(
            Remark("length_of_all_leads", f"The header counts the samples of all leads; each has {there} of them.")
        )
    elif stated <= 0:
        stated = there
        remarks.append(Remark("inferred_length", f"The header states no length: all {there} samples were taken."))
    if stated > there:
        raise UnreadableFile(
            f"The ISHNE file is truncated: {stated} samples of {count} leads were expected, {there} are there."
        )
    if stated < there:
        remarks.append(Remark("trailing_bytes", "Bytes after the announced samples were left out."))
    return np.frombuffer(data, "<i2", stated * count, header.start).reshape(stated, count).T, remarks


def _millivolt(raw: NDArray[np.int16], header: _Header, declaration: Declaration) -> Signal:
    signal = np.empty(raw.shape, dtype=np.float32)
    missing = raw == _MISSING
    for row, (name, resolution) in enumerate(zip(header.names, header.resolutions_nv, strict=True)):
        factor = resolution * _MILLIVOLT_PER_NANOVOLT
        if resolution <= 0 and not missing[row].all():
            if declaration.gain_adu_per_mv is None:
                raise UnreadableFile(
                    f"The lead {name} of the ISHNE file states no resolution; declare gain_adu_per_mv."
                )
            factor = 1 / declaration.gain_adu_per_mv
        signal[row] = raw[row] * factor
    signal[missing] = np.nan
    return signal


def _acquisition(header: _Header, declaration: Declaration) -> Acquisition:
    gain = declaration.gain_adu_per_mv
    declared = () if gain is None else ((1 / gain, ""),)
    scales = [
        Scale(name, *scale)
        for name, resolution in zip(header.names, header.resolutions_nv, strict=True)
        for scale in (((float(resolution), "nV"),) if resolution > 0 else declared)
    ]
    return Acquisition(device=header.recorder, acquired_at=header.acquired_at, scales=tuple(scales))


def _instant(day: tuple[int, ...], clock: tuple[int, ...]) -> str | None:
    """Return when the recording began, of day, month and year, and of hour, minute and second; None where unknown."""
    hour, minute, second = clock
    try:
        return dt.datetime.combine(dt.date(*day[::-1]), dt.time(hour, minute, second)).isoformat()
    except ValueError:
        return None


def _checksum_remarks(data: bytes, header: _Header) -> Iterator[Remark]:
    end = _HEADER_BYTES + max(header.variable_bytes, 0)
    if binascii.crc_hqx(data[_CHECKSUM_FROM:end], _CHECKSUM_START) != header.checksum:
        yield Remark("checksum_mismatch", "The header's checksum does not fit its bytes: the file may be damaged.")


def _quality_remarks(header: _Header) -> Iterator[Remark]:
    said = [
        f"{name} {_QUALITIES[quality]}"
        for name, quality in zip(header.names, header.qualities, strict=True)
        if quality in _QUALITIES
    ]
    if said:
        yield Remark("device_quality", f"The recorder calls leads of poor quality: {', '.join(said)}.")


def _name(code: int, row: int) -> str:
    return _LEADS.get(code) or f"{'bipolar' if code == _BIPOLAR else 'lead'} {row + 1}"


def _text(field: Any) -> str:
    return bytes(field).split(b"\0", 1)[0].decode("latin-1").strip()


def _age(birth: tuple[int, ...], recorded: tuple[int, ...]) -> float | None:
    """Return the age at the recording, both dates given as day, month, year; None where one is no date."""
    try:
        return age_between(dt.date(*birth[::-1]), dt.date(*recorded[::-1]))
    except ValueError:
        return None
