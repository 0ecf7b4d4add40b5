"""DICOM: a 12-lead ECG waveform object (PS3.3 A.34.3), or a general one (A.34.4) where that allows no such signal."""

import io
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from services.ingest.exporting.base import ExportedEcg
from services.shared.errors import TooLarge

NAME = "dicom"
MEDIA_TYPE = "application/dicom"
SUFFIX = ".dcm"

_TWELVE_LEAD: Final = "1.2.840.10008.5.1.4.1.1.9.1.1"
_GENERAL: Final = "1.2.840.10008.5.1.4.1.1.9.1.2"
_TWELVE_LEAD_LIMITS: Final = (13, 16_384, 200.0, 1000.0)
_MAX_CHANNELS: Final = 24
_PADDING: Final = -32768
_LARGEST: Final = 32767
_MIN_STEP_UV: Final = 0.1
_CODES: Final = {
    "I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64,
}  # fmt: skip
"""MDC lead numbers (ISO/IEEE 11073-10101)."""


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
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _sop_class(ecg: ExportedEcg) -> str:
    channels, samples, lowest_hz, highest_hz = _TWELVE_LEAD_LIMITS
    fits = len(ecg.leads) <= channels and ecg.signal.shape[1] <= samples and lowest_hz <= ecg.rate_hz <= highest_hz
    return _TWELVE_LEAD if fits and set(ecg.leads) <= set(_CODES) else _GENERAL


def _context(ecg: ExportedEcg) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    now, context = datetime.now(UTC), Dataset()
    context.Modality, context.Manufacturer = "ECG", "Einthoven"
    context.PatientName, context.PatientBirthDate = "", ""
    context.PatientID = ecg.patient or ecg.record_id
    context.PatientSex = {"female": "F", "male": "M"}.get(ecg.sex or "", "")
    if ecg.age_years is not None:
        context.PatientAge = f"{int(ecg.age_years):03d}Y"
    context.StudyDate = context.ContentDate = context.AcquisitionDateTime = now.strftime("%Y%m%d")
    context.StudyTime = context.ContentTime = now.strftime("%H%M%S")
    context.AccessionNumber = context.ReferringPhysicianName = context.StudyID = ""
    context.SeriesNumber = context.InstanceNumber = "1"
    context.AcquisitionContextSequence = []
    return context


def _group(ecg: ExportedEcg) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    microvolt = ecg.signal.astype(np.float64) * 1000
    peaks = np.fmax.reduce(np.abs(microvolt), axis=1, initial=0.0)
    steps = [max(_MIN_STEP_UV, float(f"{peak / _LARGEST * 1.001:.5g}")) for peak in peaks]
    raw = np.round(microvolt / np.asarray(steps)[:, None])
    encoded = np.where(np.isnan(raw), _PADDING, raw).astype("<i2")
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = "RHYTHM", "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = ecg.signal.shape
    group.SamplingFrequency = f"{ecg.rate_hz:.10g}"
    group.ChannelDefinitionSequence = [_channel(lead, step) for lead, step in zip(ecg.leads, steps, strict=True)]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformPaddingValue = _PADDING.to_bytes(2, "little", signed=True)
    group["WaveformPaddingValue"].VR = "OW"
    group.WaveformData = encoded.T.tobytes()
    group["WaveformData"].VR = "OW"
    return group


def _channel(lead: str, step_uv: float) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    channel, number = Dataset(), _CODES.get(lead)
    source = _code(f"2:{number}", "MDC", f"Lead {lead}") if number else _code(lead[:16], "99EINTHOVEN", f"Lead {lead}")
    channel.ChannelSourceSequence = [source]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = f"{step_uv:.5g}", "1"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline, channel.ChannelSampleSkew, channel.WaveformBitsStored = "0", "0", 16
    return channel


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415 see above

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
