"""Which study, series and instance a DICOM object is (PS3.3 C.12.1); only its first elements are read."""

import io
import re
from typing import Any, Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.records import Instance
from services.shared.errors import Conflict, UnreadableFile

_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_META_BYTES: Final = 4096
_SERIES_UID: Final = 0x0020000E
"""The last of the elements that are read; elements come in the order of their tags."""
_UID: Final = re.compile(r"[0-9.]{1,64}")


def identify(data: bytes) -> Instance | None:
    """Return what a DICOM object calls itself; None where it does not say it whole, or cannot be read."""
    from pydicom import config  # noqa: PLC0415 a heavy import that only DICOM needs
    from pydicom.filereader import read_partial  # noqa: PLC0415

    if _DEFLATED in data[:_META_BYTES]:
        return None
    config.settings.reading_validation_mode = config.IGNORE  # what matters of the values is checked here
    try:
        head = read_partial(io.BytesIO(data), lambda tag, _vr, _length: tag > _SERIES_UID, force=True)
        uids = [
            _uid(head.get(name)) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        ]
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over; reading it tells
        return None
    return Instance(*uids) if all(uids) else None


def check(instance: Instance | None, declaration: Declaration) -> None:
    """Raise what keeps a file from being taken where instances, or instances of one study, are asked for."""
    if instance is None:
        if declaration.instances_only:
            raise UnreadableFile(
                "The object does not say which it is: a DICOM object with Study, Series and SOP Instance UID and SOP "
                "Class UID was expected."
            )
    elif declaration.study_uid and instance.study_uid != declaration.study_uid:
        raise Conflict("The instance is of another study than the one that it was sent to.")


def _uid(value: Any) -> str:
    text = str(value or "").strip(" \0")
    return text if _UID.fullmatch(text) else ""
