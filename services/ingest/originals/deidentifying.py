"""Files without the person they are of: a way for each format that has one, proved on every file it is used on."""

from collections.abc import Callable
from typing import Final

import numpy as np

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded, decode
from services.ingest.formats.base import UploadedFile
from services.ingest.originals import (
    arrays,
    dicom_objects,
    edf_files,
    ishne_files,
    scp_records,
    wfdb_records,
    xml_documents,
    xml_kept,
)
from services.shared.ecg import Recording
from services.shared.observability.logs import get_logger

Deidentifier = Callable[[UploadedFile, Recording], UploadedFile | None]
"""Returns a file without names, dates of birth and ids, or None where it cannot be told that none is left."""

DEIDENTIFIERS: Final[dict[str, Deidentifier | None]] = {
    "aecg": xml_documents.keeping(xml_kept.AECG),
    "cardiosoft-xml": xml_documents.keeping(xml_kept.CARDIOSOFT),
    "csv": None,
    "dicom": dicom_objects.without_person,
    "edf": edf_files.without_person,
    "ishne": ishne_files.without_person,
    "mat": None,
    "muse-xml": xml_documents.keeping(xml_kept.MUSE),
    "npy": arrays.numbers_alone,
    "npz": None,
    "philips-sierra": xml_documents.keeping(xml_kept.PHILIPS),
    "raw": None,
    "scp": scp_records.without_person,
    "wfdb": wfdb_records.without_person,
}
"""By name of the format; None where anything may lie beside the signal, so that nothing can be proved to be gone."""
_INFANT_TOLERANCE: Final = 0.05
"""Ages below a year are told in days or months, which are not tenths of a year."""

_log = get_logger(__name__)


def deidentified(file: UploadedFile, decoded: Decoded, declaration: Declaration) -> UploadedFile | None:
    """Return the file without identities where that has a way and the same recording is read of it; else None."""
    way = DEIDENTIFIERS.get(decoded.format_name)
    if way is None:
        return None
    try:
        bare = way(file, decoded.recording)
        again = decode(bare, declaration) if bare is not None else None
    except Exception as error:  # noqa: BLE001 whatever a strange file makes it stumble over, such a file is not kept
        _log.warning("deidentifying_failed", format=decoded.format_name, error=type(error).__name__)
        return None
    return bare if again is not None and _is_same(again, decoded) else None


def _is_same(one: Decoded, other: Decoded) -> bool:
    first, second = one.recording, other.recording
    return (
        (one.format_name, first.leads, first.rate_hz, first.sex)
        == (other.format_name, second.leads, second.rate_hz, second.sex)
        and first.patient is None
        and _is_same_age(first.age_years, second.age_years)
        and np.array_equal(first.signal, second.signal, equal_nan=True)
    )


def _is_same_age(one: float | None, other: float | None) -> bool:
    if one is None or other is None or max(one, other) >= 1:
        return one == other
    return abs(one - other) <= _INFANT_TOLERANCE
