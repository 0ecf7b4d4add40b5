"""DICOM waveforms (PS3.3 A.34, C.10.9): the rhythm of a 12-lead or general ECG, never the median beat.

Physical value = raw x Channel Sensitivity x Sensitivity Correction Factor + Channel Baseline, per channel.
"""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import canonical, of_code
from services.ingest.decoding.scaling import DEFAULT_GAIN_ADU_PER_MV
from services.ingest.decoding.subject import Subject, age_years, sex
from services.ingest.decoding.units import millivolt_per
from services.ingest.formats.base import UploadedFile
from services.shared.acquisition import Acquisition
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "dicom"

_MAGIC_AT: Final = 128
_MAGIC: Final = b"DICM"
_WITHOUT_PREAMBLE: Final = (b"\x08\x00", b"\x02\x00")
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_META_BYTES: Final = 4096
_TYPES: Final = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (16, "SS"): "i2",
    (16, "US"): "u2",
    (32, "SL"): "i4",
    (32, "UL"): "u4",
}
_MAX_CHANNELS: Final = 64


def sniff(file: UploadedFile) -> bool:
    """Recognise the magic bytes after the preamble, or a data set that begins without one."""
    data = file.data
    if data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC:
        return True
    return data.startswith(_WITHOUT_PREAMBLE) and data[2:4] in {b"\x00\x00", b"\x05\x00", b"\x08\x00", b"\x01\x00"}


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the rhythm group of a waveform object."""
    dataset = _dataset(file.data)
    groups = list(dataset.get("WaveformSequence", ()))
    if not groups:
        kind = dataset.get("Modality", "unknown")
        raise UnreadableFile(f"The DICOM object holds no waveform (modality {kind}); a 12-lead ECG was expected.")
    try:
        found = _found(dataset, _rhythm(groups), declaration)
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        raise UnreadableFile("The waveform of the DICOM object is incomplete or damaged.") from None
    return assemble(found)


def _dataset(data: bytes) -> Any:
    import pydicom  # noqa: PLC0415 a heavy import that only this format needs
    from pydicom import config  # noqa: PLC0415

    if _DEFLATED in data[:_META_BYTES]:
        raise UnreadableFile("Deflated DICOM objects are not read; export it with an explicit or implicit VR syntax.")
    config.settings.reading_validation_mode = config.IGNORE  # what matters of the values is checked here
    try:
        return pydicom.dcmread(io.BytesIO(data), force=True)
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise UnreadableFile("The DICOM object is damaged or truncated; export it again.") from None


def _rhythm(groups: list[Any]) -> Any:
    """Return the multiplex group of the recording itself: it has the most standard leads, then the longest duration."""
    originals = [group for group in groups if not _is_median(group)]
    if not originals:
        raise UnreadableFile("The DICOM object holds a median beat only; the rhythm recording was expected.")
    return max(originals, key=lambda group: (len({*map(canonical, _names(group))}), _duration_s(group)))


def _is_median(group: Any) -> bool:
    label = str(group.get("MultiplexGroupLabel", "")).upper()
    derived = str(group.get("WaveformOriginality", "")).upper() == "DERIVED"
    return "MEDIAN" in label or "AVERAGE" in label or "TEMPLATE" in label or (derived and "RHYTHM" not in label)


def _duration_s(group: Any) -> float:
    return float(group.get("NumberOfWaveformSamples", 0) or 0) / max(
        float(group.get("SamplingFrequency", 0) or 0), 1e-9
    )


def _names(group: Any) -> tuple[str, ...]:
    return tuple(_name(channel, row) for row, channel in enumerate(group.get("ChannelDefinitionSequence", ())))


def _name(channel: Any, row: int) -> str:
    """Return a channel's lead by its code, else by the code's meaning, else by its label."""
    sources = list(channel.get("ChannelSourceSequence", ()))
    texts = [str(sources[0].get(key, "") or "") for key in ("CodeMeaning", "CodeValue")] if sources else []
    texts.append(str(channel.get("ChannelLabel", "") or ""))
    coded = of_code(str(sources[0].get("CodeValue", ""))) if sources else None
    known = coded or next((lead for text in texts if (lead := canonical(text))), None)
    return known or next((text for text in texts if text), f"channel {row + 1}")


def _found(dataset: Any, group: Any, declaration: Declaration) -> Found:
    remarks: list[Remark] = []
    raw = _raw(dataset, group)
    channels = list(group.ChannelDefinitionSequence)
    signal = np.empty(raw.shape, dtype=np.float32)
    for row, channel in enumerate(channels):
        factor, offset = _scale(channel, declaration, remarks)
        with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
            signal[row] = raw[row] * factor + offset
    if raw.dtype.kind == "i":
        signal[raw == np.iinfo(raw.dtype).min] = np.nan  # no electrode gives the type's least value: it is padding
    subject = Subject(
        age_years=age_years(dataset.get("PatientAge", "")),
        sex=sex(dataset.get("PatientSex", "")),
        patient=declaration.pseudonym(str(dataset.get("PatientID", "") or "")),
    )
    device = " ".join(str(dataset.get(key, "") or "") for key in ("Manufacturer", "ManufacturerModelName")).strip()
    rate_hz = float(group.SamplingFrequency)
    return Found(signal, _names(group), rate_hz, tuple(dict.fromkeys(remarks)), subject, Acquisition(device or None))


def _raw(dataset: Any, group: Any) -> NDArray[Any]:
    """Return the encoded samples (channels, samples); raises UnreadableFile where some are not there."""
    bits, interpretation = int(group.WaveformBitsAllocated), str(group.WaveformSampleInterpretation)
    if (bits, interpretation) not in _TYPES:
        raise UnreadableFile(
            f"Samples of {bits} bits, {interpretation}, are not read; expected 8, 16 or 32 bits, linear."
        )
    channels, samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    if not 0 < channels <= _MAX_CHANNELS or channels != len(group.ChannelDefinitionSequence):
        raise UnreadableFile(
            f"The waveform announces {channels} channels and defines {len(group.ChannelDefinitionSequence)}."
        )
    _, is_little = dataset.original_encoding
    dtype = np.dtype(_TYPES[bits, interpretation]).newbyteorder(">" if is_little is False else "<")
    data = bytes(group.WaveformData)
    expected = channels * samples * dtype.itemsize
    if len(data) < expected:
        raise UnreadableFile(f"The waveform is truncated: {expected} bytes were expected, {len(data)} are there.")
    return np.frombuffer(data, dtype=dtype, count=channels * samples).reshape(samples, channels).T


def _scale(channel: Any, declaration: Declaration, remarks: list[Remark]) -> tuple[float, float]:
    """Return millivolt per unit, and the millivolt of a raw zero."""
    if channel.get("ChannelSensitivity") is None:
        gain = declaration.gain_adu_per_mv or DEFAULT_GAIN_ADU_PER_MV
        remarks.append(Remark("default_gain", f"A channel states no sensitivity: {gain:g} units per mV were taken."))
        return 1 / gain, 0.0
    units = list(channel.get("ChannelSensitivityUnitsSequence", ()))
    unit = str(units[0].get("CodeValue", "") or "") if units else ""
    factor = millivolt_per(unit)
    if factor is None:
        raise UnreadableFile(
            f"A channel is in {unit[:16] or 'no unit'}; a unit of voltage such as uV or mV was expected."
        )
    correction = channel.get("ChannelSensitivityCorrectionFactor")
    sensitivity = float(channel.ChannelSensitivity) * (1.0 if correction is None else float(correction))
    return sensitivity * factor, float(channel.get("ChannelBaseline", 0) or 0) * factor
