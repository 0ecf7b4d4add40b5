"""DICOM objects as files and as JSON; CPU work, safe to run in a thread."""

import io
import json
from typing import Any, Final

from services.ingest.records import Instance
from services.shared.errors import UnreadableFile

_MAGIC_AT: Final = 128
_MAGIC: Final = b"DICM"
_BULK_BYTES: Final = 1024
"""Binary values longer than this are left out of the metadata."""


def part10(data: bytes) -> bytes:
    """Return an object as a file with preamble and meta information (PS3.10), which some devices leave out."""
    if data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC:
        return data
    dataset = _read(data)
    return _written(dataset)


def renamed(data: bytes, instance: Instance) -> bytes:
    """Return a file under the name of an instance."""
    dataset = _read(data)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = instance.study_uid, instance.series_uid
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance.sop_uid
    return _written(dataset)


def metadata(data: bytes) -> bytes:
    """Return what an object says but for its samples, as DICOM JSON (PS3.18 F.2): one object, UTF-8."""
    dataset = _read(data)
    _drop_bulk(dataset)
    try:
        document = dataset.to_json_dict(suppress_invalid_tags=True)
        return json.dumps(document, allow_nan=False).encode()
    except Exception:  # noqa: BLE001 the library raises whatever a value out of its representation makes it stumble over
        raise UnreadableFile("What the DICOM object says of itself cannot be told as JSON; fetch the file.") from None


def _drop_bulk(dataset: Any) -> None:
    for element in list(dataset):
        if element.VR == "SQ":
            for item in element.value:
                _drop_bulk(item)
        elif isinstance(element.value, bytes) and len(element.value) > _BULK_BYTES:
            del dataset[element.tag]


def _read(data: bytes) -> Any:
    import pydicom  # noqa: PLC0415 a heavy import that only DICOM needs
    from pydicom import config  # noqa: PLC0415

    config.settings.reading_validation_mode = config.IGNORE  # it was taken as it is
    return pydicom.dcmread(io.BytesIO(data), force=True)


def _written(dataset: Any) -> bytes:
    from pydicom import config, uid  # noqa: PLC0415 see above
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415

    config.settings.writing_validation_mode = config.IGNORE
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    if "TransferSyntaxUID" not in meta:
        implicit, _ = dataset.original_encoding
        meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    dataset.file_meta, dataset.preamble = meta, bytes(_MAGIC_AT)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
