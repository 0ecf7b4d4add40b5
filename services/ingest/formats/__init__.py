"""The formats that ingest reads: one module each, with NAME, ABOUT, sniff and read; the order is the order of sniffing.

Adding one: docs/how-to/add-a-format.md. A format imports its library when it reads, so that none costs at start-up.
"""

from dataclasses import dataclass
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.statements import impersonal
from services.ingest.formats import (
    aecg,
    cardiosoft,
    csv_text,
    dicom,
    edf,
    ishne,
    mat,
    muse_xml,
    npy,
    npz,
    philips_sierra,
    raw,
    scp,
    wfdb,
)
from services.ingest.formats.base import Format, UploadedFile
from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest, UnreadableFile

FORMATS: Final[tuple[Format, ...]] = (
    dicom,
    edf,
    ishne,
    scp,
    npy,
    npz,
    mat,
    wfdb,
    aecg,
    muse_xml,
    cardiosoft,
    philips_sierra,
    csv_text,
    raw,
)
"""Binary formats first; then CSV, which has no magic bytes, and raw samples, which are only ever declared."""

_LONE: Final = ".dat"
_BY_NAME: Final = {known.NAME: known for known in FORMATS}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a file turned out to be."""

    format_name: str
    recording: Recording


def names() -> tuple[str, ...]:
    """Return the names of the formats, in the order of sniffing."""
    return tuple(_BY_NAME)


def find(file: UploadedFile, declaration: Declaration) -> Format:
    """Return the declared format, or the first that recognises the file; raises UnreadableFile where none does."""
    if declaration.format_name:
        if declaration.format_name not in _BY_NAME:
            raise InvalidRequest(
                f"{declaration.format_name[:40]!r} is no format: expected one of {', '.join(sorted(_BY_NAME))}."
            )
        return _BY_NAME[declaration.format_name]
    name = file.name.lower()
    if declaration.raw is not None and not file.companions and name.endswith(raw.SUFFIXES):
        return raw
    for known in FORMATS:
        if known.sniff(file):
            return known
    if file.data and name.endswith(_LONE):
        raise UnreadableFile(
            "A .dat file alone does not say how its samples lie: upload the .hea that belongs to it as well, "
            "or declare the layout (sample_type, lead_count, interleaved, header_bytes, sampling_rate_hz)."
        )
    kind = "is empty" if not file.data else "is not an ECG in a format that is known here"
    raise UnreadableFile(f"The file {kind}; expected one of {', '.join(sorted(_BY_NAME))}.")


def decode(file: UploadedFile, declaration: Declaration) -> Decoded:
    """Recognise and read one file, leaving out who signed it; CPU work, safe to run in a thread."""
    known = find(file, declaration)
    return Decoded(known.NAME, impersonal(known.read(file, declaration)))
