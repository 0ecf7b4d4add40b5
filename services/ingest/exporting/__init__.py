"""Signals as files that others read: one module each, with NAME, MEDIA_TYPE, SUFFIX and write."""

from typing import Final

from services.ingest.exporting import as_csv, as_dicom, as_fhir, as_json, as_npy, as_wfdb
from services.ingest.exporting.base import ExportedEcg, Writer
from services.shared.errors import InvalidRequest

WRITERS: Final[dict[str, Writer]] = {
    writer.NAME: writer for writer in (as_json, as_npy, as_csv, as_wfdb, as_dicom, as_fhir)
}

__all__ = ["WRITERS", "ExportedEcg", "Writer", "find"]


def find(name: str) -> Writer:
    """Return the writer of a format; raises InvalidRequest where there is none."""
    if name not in WRITERS:
        raise InvalidRequest(f"{name[:40]!r} is no export format: expected one of {', '.join(WRITERS)}.")
    return WRITERS[name]
