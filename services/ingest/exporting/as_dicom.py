"""DICOM: a general ECG (PS3.3 A.34.4), or an ambulatory one (A.34.5) where the rate is too low for that."""

import io
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from services.ingest.exporting.base import ExportedEcg
from services.ingest.exporting.codes import MDC_LEADS
from services.ingest.exporting.dicom_annotations import items_of
from services.ingest.exporting.steps import steps_of
from services.shared.acquisition import Filters
from services.shared.errors import TooLarge

NAME = "dicom"
MEDIA_TYPE = "application/dicom"
SUFFIX = ".dcm"

_GENERAL: Final = "1.2.840.10008.5.1.4.1.1.9.1.2"
_AMBULATORY: Final = "1.2.840.10008.5.1.4.1.1.9.1.3"
_GENERAL_MIN_HZ: Final = 200.0
_AMBULATORY_CHANNELS: Final = 12
_MAX_CHANNELS: Final = 24
_PADDING: Final = -32768
_DATE: Final = 8


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as a DICOM object with one rhythm group of 16-bit samples, identified by pseudonym alone."""
    from pydicom.dataset import FileDataset, FileMetaDataset  # noqa: PLC0415 a heavy import that not every process needs
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid  # noqa: PLC0415

    if len(ecg.leads) > _MAX_CHANNELS:
        raise TooLarge(f"A DICOM ECG has at most {_MAX_CHANNELS} channels; this one has {len(ecg.leads)}.")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(_sop_class(ecg))
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.update(_context(ecg))
    dataset.WaveformSequence = [_group(ecg)]
    if ecg.annotations:
        dataset.WaveformAnnotationSequence = items_of(ecg.annotations, ecg.signal.shape[1])
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _sop_class(ecg: ExportedEcg) -> str:
    is_slow = ecg.rate_hz < _GENERAL_MIN_HZ and len(ecg.leads) <= _AMBULATORY_CHANNELS
    return _AMBULATORY if is_slow else _GENERAL


def _context(ecg: ExportedEcg) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    context, acquired = Dataset(), _acquired(ecg)
    context.Modality, context.Manufacturer = "ECG", "Einthoven"
    context.PatientName, context.PatientBirthDate = "", ""
    context.PatientID = ecg.patient or ecg.record_id
    context.PatientSex = {"female": "F", "male": "M"}.get(ecg.sex or "", "")
    if ecg.age_years is not None:
        context.PatientAge = f"{int(ecg.age_years):03d}Y"
    context.AcquisitionDateTime = acquired
    context.StudyDate = context.ContentDate = acquired[:_DATE]
    context.StudyTime = context.ContentTime = acquired[_DATE:]
    context.AccessionNumber = context.ReferringPhysicianName = context.StudyID = ""
    context.SeriesNumber = context.InstanceNumber = "1"
    context.AcquisitionContextSequence = []
    return context


def _acquired(ecg: ExportedEcg) -> str:
    """Return when the ECG was recorded, in the device's local time; the time of the export where nobody knows."""
    stated = ecg.acquisition.acquired_at
    moment = datetime.fromisoformat(stated) if stated else datetime.now(UTC)
    return moment.strftime("%Y%m%d%H%M%S")


def _group(ecg: ExportedEcg) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    steps = steps_of(ecg.signal)
    encoded = np.where(np.isnan(steps.raw), _PADDING, steps.raw).astype("<i2")
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = "RHYTHM", "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = ecg.signal.shape
    group.SamplingFrequency = f"{ecg.rate_hz:.10g}"
    group.ChannelDefinitionSequence = [
        _channel(lead, step, ecg.acquisition.filters) for lead, step in zip(ecg.leads, steps.microvolt, strict=True)
    ]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformPaddingValue = _PADDING.to_bytes(2, "little", signed=True)
    group["WaveformPaddingValue"].VR = "OW"
    group.WaveformData = encoded.T.tobytes()
    group["WaveformData"].VR = "OW"
    return group


def _channel(lead: str, step_uv: float, filters: Filters) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    channel, number = Dataset(), MDC_LEADS.get(lead)
    source = _code(f"2:{number}", "MDC", f"Lead {lead}") if number else _code(lead[:16], "99EINTHOVEN", f"Lead {lead}")
    channel.ChannelSourceSequence = [source]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = f"{step_uv:.5g}", "1"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline, channel.ChannelSampleSkew, channel.WaveformBitsStored = "0", "0", 16
    for keyword, hertz in (
        ("FilterLowFrequency", filters.high_pass_hz),
        ("FilterHighFrequency", filters.low_pass_hz),
        ("NotchFilterFrequency", filters.notch_hz),
    ):
        if hertz is not None:
            setattr(channel, keyword, f"{hertz:g}")
    return channel


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
