"""Small ECGs for the tests of ingest, and files made of them."""

import io
import math
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded, decode
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import STANDARD_LEADS, Recording

AT_500_HZ = Declaration(rate_hz=500)


def twelve_leads(samples: int = 600, seed: int = 0) -> NDArray[np.float32]:
    """Return noise (12, samples) in millivolt, to the microvolt, whose limb leads obey their algebra."""
    noise = np.random.default_rng(seed).integers(-500, 500, (8, samples)) * 2
    one, two, chest = noise[0], noise[1], noise[2:]
    limbs = [one, two, two - one, -(one + two) // 2, one - two // 2, two - one // 2]
    return (np.vstack([*limbs, chest]) / 1000).astype(np.float32)


def csv_of(signal: NDArray[Any], header: str | None = ",".join(STANDARD_LEADS), delimiter: str = ",") -> bytes:
    """Return a CSV with a row per sample."""
    lines = [] if header is None else [header]
    lines += [
        delimiter.join(f"{value:.3f}" if not math.isnan(value) else "" for value in row) for row in signal.T.tolist()
    ]
    return ("\n".join(lines) + "\n").encode()


def npy_of(array: NDArray[Any]) -> bytes:
    """Return an NPY file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def read(data: bytes, declaration: Declaration = AT_500_HZ, *, name: str = "ecg", **companions: bytes) -> Recording:
    """Return the recording that ingest makes of a file; companions are named without their dot: ecg_dat=..."""
    return sniffed(data, declaration, name=name, **companions).recording


def sniffed(data: bytes, declaration: Declaration = AT_500_HZ, *, name: str = "ecg", **companions: bytes) -> Decoded:
    """Return the format and the recording that ingest makes of a file."""
    beside = {key.replace("_", "."): value for key, value in companions.items()}
    return decode(UploadedFile(name, data, beside), declaration)


def codes(recording: Recording) -> set[str]:
    """Return the codes of a recording's remarks."""
    return {remark.code for remark in recording.remarks}


def wfdb_of(
    signal: NDArray[Any], *, gain: str = "1000(0)/mV", record_line: str | None = None, tail: str = ""
) -> tuple[bytes, bytes]:
    """Return a header and a signal file of format 16 with integers of 1000 per millivolt."""
    raw = np.round(signal * 1000).astype("<i2")
    lines = [record_line or f"ecg {len(signal)} 500 {signal.shape[1]}"]
    for name, row in zip(STANDARD_LEADS, raw, strict=False):
        lines.append(f"ecg.dat 16 {gain} 16 0 {row[0]} {int(row.astype(int).sum() % 65536)} 0 {name}")
    return ("\n".join(lines) + "\n" + tail).encode(), raw.T.tobytes()


def dicom_group(raw: NDArray[np.int16], *, label: str = "RHYTHM", rate_hz: float = 500, **channel: Any) -> Dataset:
    """Return a multiplex group; channel says what every channel has besides its lead."""
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = label, "ORIGINAL" if label == "RHYTHM" else "DERIVED"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = raw.shape
    group.SamplingFrequency = str(rate_hz)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = [_channel(name, **channel) for name in STANDARD_LEADS[: len(raw)]]
    group.WaveformData = raw.astype("<i2").T.tobytes()
    group["WaveformData"].VR = "OW"
    return group


def dicom_of(*groups: Dataset, **elements: Any) -> bytes:
    """Return a DICOM object with these groups."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.UID("1.2.840.10008.5.1.4.1.1.9.1.1")
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = meta.MediaStorageSOPClassUID, "1.2.3", "ECG"
    for name, value in elements.items():
        setattr(dataset, name, value)
    if groups:
        dataset.WaveformSequence = list(groups)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _channel(
    lead: str, *, unit: str = "uV", sensitivity: str = "1", correction: str = "1", baseline: str = "0"
) -> Dataset:
    channel, source, units = Dataset(), Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "", "99X", f"Lead {lead}"
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", unit
    channel.ChannelSourceSequence, channel.ChannelSensitivityUnitsSequence = [source], [units]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = sensitivity, correction
    channel.ChannelBaseline = baseline
    return channel
