"""DICOM objects for the tests of ingest, in every syntax, as an independent library writes them."""

import io
import zlib
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.unit.services.ingest.ecgs import dicom_group

SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big-endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
SOP_CLASSES = {
    "12-lead": "1.2.840.10008.5.1.4.1.1.9.1.1",
    "general": "1.2.840.10008.5.1.4.1.1.9.1.2",
    "ambulatory": "1.2.840.10008.5.1.4.1.1.9.1.3",
    "general-32-bit": "1.2.840.10008.5.1.4.1.1.9.1.4",
    "hemodynamic, which is wrong": "1.2.840.10008.5.1.4.1.1.9.2.1",
}


def group_of(raw: NDArray[Any], interpretation: str = "SS", bits: int = 16, **channel: Any) -> Dataset:
    """Return a multiplex group of samples of any type, little endian."""
    group = dicom_group(raw, **channel)
    kind = {"S": "i", "U": "u"}.get(interpretation[0], "u")
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = bits, interpretation
    group.WaveformData = raw.T.astype(f"<{kind}{bits // 8}").tobytes()
    group["WaveformData"].VR = "OB" if bits == 8 else "OW"
    return group


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return a code item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def measured(value: str, concept: Dataset, unit: str = "ms", channel: int = 0) -> Dataset:
    """Return an annotation with a number."""
    item = Dataset()
    item.ConceptNameCodeSequence, item.NumericValue = [concept], value
    item.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    item.ReferencedWaveformChannels, item.AnnotationGroupNumber = [1, channel], 0
    return item


def stated(text: str) -> Dataset:
    """Return an annotation with a text."""
    item = Dataset()
    item.UnformattedTextValue, item.ReferencedWaveformChannels = text, [1, 0]
    return item


def rewritten(data: bytes, syntax: str, *, undefined_lengths: bool = False, sop_class: str = "") -> bytes:
    """Return an object in another transfer syntax; its sequences may leave their lengths open."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.file_meta.TransferSyntaxUID = SYNTAXES[syntax]
    if sop_class:
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    if syntax == "big-endian":
        for group in dataset.WaveformSequence:
            size = int(group.WaveformBitsAllocated) // 8
            group.WaveformData = np.frombuffer(group.WaveformData, f"<u{size}").byteswap().tobytes()
    if undefined_lengths:
        _leave_open(dataset)
    for _ in dataset.iterall():
        pass  # what is still raw would be written in the order of bytes that it was read in
    buffer = io.BytesIO()
    is_little = syntax != "big-endian"
    pydicom.dcmwrite(buffer, dataset, implicit_vr=syntax == "implicit", little_endian=is_little, force_encoding=True)
    return buffer.getvalue()


def deflated_bomb(data: bytes, size: int) -> bytes:
    """Return an object whose deflated data set grows to a size of nothing but zeros."""
    deflated = rewritten(data, "deflated")
    head = deflated[: 132 + 12 + int.from_bytes(deflated[140:144], "little")]
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return head + squeeze.compress(bytes(size)) + squeeze.flush()


def _leave_open(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _leave_open(item)
