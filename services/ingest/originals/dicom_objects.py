"""DICOM objects without the person: the Basic Application Level Confidentiality Profile (PS3.15 E) as far as ECGs need.

Instead of removing what is known to identify, everything goes that is not known to be needed. Of the profile's options,
patient characteristics, full dates and UIDs are retained: the study, the series and the instance are found by them.
"""

import io
from typing import Any, Final

from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording


def _keywords(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEPT: Final = _keywords(
    """
    SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality SeriesNumber
    InstanceNumber StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime AcquisitionDateTime
    ContentDate ContentTime TimezoneOffsetFromUTC Manufacturer ManufacturerModelName SoftwareVersions PatientSex
    PatientAge PatientSize PatientWeight
    WaveformSequence MultiplexGroupTimeOffset TriggerTimeOffset TriggerSamplePosition WaveformOriginality
    NumberOfWaveformChannels NumberOfWaveformSamples SamplingFrequency MultiplexGroupLabel MultiplexGroupUID
    ChannelDefinitionSequence WaveformChannelNumber ChannelLabel ChannelStatus ChannelSourceSequence
    ChannelSourceModifiersSequence ChannelSensitivity ChannelSensitivityUnitsSequence
    ChannelSensitivityCorrectionFactor ChannelBaseline ChannelTimeSkew ChannelSampleSkew ChannelOffset
    WaveformBitsStored FilterLowFrequency FilterHighFrequency NotchFilterFrequency NotchFilterBandwidth
    WaveformBitsAllocated WaveformSampleInterpretation WaveformPaddingValue WaveformData ChannelMinimumValue
    ChannelMaximumValue
    CodeValue LongCodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning
    AcquisitionContextSequence WaveformAnnotationSequence ConceptNameCodeSequence ConceptCodeSequence
    ModifierCodeSequence MeasurementUnitsCodeSequence NumericValue ReferencedWaveformChannels TemporalRangeType
    ReferencedSamplePositions ReferencedTimeOffsets AnnotationGroupNumber
    """
)
_EMPTIED: Final = _keywords("PatientName PatientID PatientBirthDate AccessionNumber ReferringPhysicianName StudyID")
"""What an object must have, be it empty (type 2 of PS3.3)."""
_META_KEPT: Final = _keywords(
    """
    FileMetaInformationGroupLength FileMetaInformationVersion MediaStorageSOPClassUID MediaStorageSOPInstanceUID
    TransferSyntaxUID ImplementationClassUID ImplementationVersionName
    """
)
_METHODS: Final = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113110", "Retain UIDs Option"),
)
"""PS3.16, context group 7050."""
_PREAMBLE: Final = bytes(128)


def without_person(file: UploadedFile, recording: Recording) -> UploadedFile:
    """Return the object with its waveform, its measurements, its UIDs and no word on whom they are of."""
    import pydicom  # noqa: PLC0415 a heavy import that only this format needs

    dataset: Any = pydicom.dcmread(io.BytesIO(file.data), force=True)
    _strip(dataset)
    meta = dataset.file_meta
    for tag in [tag for tag in meta.keys() if pydicom.datadict.keyword_for_tag(tag) not in _META_KEPT]:  # noqa: SIM118 tags, where iterating gives elements
        del meta[tag]
    if dataset.preamble is not None:
        dataset.preamble = _PREAMBLE
    if recording.age_years is not None and not dataset.get("PatientAge"):
        dataset.PatientAge = _age(recording.age_years)
    _say_so(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    return UploadedFile(file.name, buffer.getvalue())


def _strip(dataset: Any) -> None:
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415

    for tag in list(dataset.keys()):
        keyword = keyword_for_tag(tag)
        if keyword in _EMPTIED:
            setattr(dataset, keyword, "")
        elif keyword not in _KEPT:
            del dataset[tag]
        elif keyword.endswith("Sequence"):
            for item in dataset[tag].value:
                _strip(item)


def _age(years: float) -> str:
    return f"{years:03.0f}Y" if years >= 1 else f"{years * 12:03.0f}M"


def _say_so(dataset: Any) -> None:
    from pydicom.dataset import Dataset  # noqa: PLC0415

    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "UNMODIFIED"
    methods = []
    for code, meaning in _METHODS:
        method = Dataset()
        method.CodeValue, method.CodingSchemeDesignator, method.CodeMeaning = code, "DCM", meaning
        methods.append(method)
    dataset.DeidentificationMethodCodeSequence = methods
