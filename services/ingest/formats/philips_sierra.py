"""Philips SierraECG XML 1.03, 1.04 and 1.04.01 (restingecgdata): the parsed waveforms, never the representative beats.

Base64 of 16-bit samples, usually XLI compressed. The limb leads III, aVR, aVL and aVF are kept as what is left of them
after what I and II say, and are put together again here; microvolt = sample x resolution.
"""

import binascii
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import MAX_LEADS, Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_between, age_years, sex
from services.ingest.decoding.xli import unpack_channels
from services.ingest.formats.base import MAX_DECODED_BYTES, UploadedFile
from services.shared.acquisition import Acquisition
from services.shared.ecg import STANDARD_LEADS, Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "philips-sierra"

_WHAT: Final = "Philips SierraECG"
_VERSIONS: Final = frozenset({"1.03", "1.04", "1.04.01"})
_TWELVE: Final = frozenset({"STD-12", "10-WIRE"})
_LIMBS: Final = STANDARD_LEADS[:6]
_MILLIVOLT_PER_MICROVOLT: Final = 1e-3
_MIN_PULSE_S: Final = 0.2
"""Leads of an ECG agree for single samples, never so long."""
_Raw = NDArray[np.int32]


def sniff(file: UploadedFile) -> bool:
    """Recognise the root element."""
    return root_of(file.data) == "restingecgdata"


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the leads of the parsed waveforms."""
    root = parse(file.data, _WHAT)
    waves = root.find("waveforms", "parsedwaveforms")
    if waves is None or not waves.text:
        raise UnreadableFile("The Philips file holds no parsed waveforms; export it with its waveforms.")
    signals = root.find("dataacquisition", "signalcharacteristics") or Element("", {})
    names, rate_hz = _names(waves, signals), _positive(waves, signals, "samplespersecond", "samplingrate")
    resolution = _positive(waves, signals, "resolution", "resolution", "signalresolution")
    remarks = _doubts(root, waves, signals)
    raw = _raw(waves, signals, names, rate_hz)
    if names[: len(_LIMBS)] == _LIMBS:
        remarks += _put_together(raw, is_compressed=_is_compressed(waves))
    millivolt = millivolt_of(raw, resolution * _MILLIVOLT_PER_MICROVOLT)
    machine = root.text_of("dataacquisition", "machine")
    device = f"Philips {machine}".strip()[:200]
    found = Found(millivolt, names, rate_hz, tuple(remarks), _subject(root, declaration), Acquisition(device))
    return _assembled(found, _pulse_at(raw, rate_hz))


def _names(waves: Element, signals: Element) -> tuple[str, ...]:
    labels = waves.attributes.get("leadlabels", "").split()
    count = number_of(waves.attributes.get("numberofleads", ""))
    if not labels:
        kinds = {signals.text_of("acquisitiontype"), signals.text_of("leadset")}
        labels = list(STANDARD_LEADS) if kinds & _TWELVE else []
        count = number_of(signals.text_of("numberchannelsvalid")) or count
    if count is not None and 0 < count < len(labels):
        labels = labels[: int(count)]
    if not 0 < len(labels) <= MAX_LEADS:
        raise UnreadableFile(
            "The Philips file does not say which leads it holds; leadlabels or an acquisition of STD-12 were expected."
        )
    return tuple(labels)


def _positive(waves: Element, signals: Element, attribute: str, *elements: str) -> float:
    """Return a number that the waveforms state, or else the description of the acquisition."""
    stated = [waves.attributes.get(attribute, ""), *(signals.text_of(element) for element in elements)]
    value = next((number for text in stated if (number := number_of(text)) is not None), None)
    if value is None or value <= 0:
        raise UnreadableFile(f"The Philips file states no {attribute}; a number above 0 was expected.")
    return value


def _is_compressed(waves: Element) -> bool:
    """Say whether the samples are compressed; raises UnreadableFile where it is not known how."""
    stated = waves.attributes.get("compressmethod") or waves.attributes.get("compression") or ""
    is_flagged = waves.attributes.get("compressflag", "").lower() == "true"
    if stated.upper() == "XLI" or (is_flagged and not stated):
        return waves.attributes.get("compressflag", "true").lower() != "false"
    if stated.upper() in {"", "NONE", "UNCOMPRESSED"}:
        return False
    raise UnreadableFile(f"Samples compressed by {stated[:16]} are not read; XLI was expected.")


def _raw(waves: Element, signals: Element, names: tuple[str, ...], rate_hz: float) -> _Raw:
    """Return the stored samples (leads, samples); raises UnreadableFile where some are not there."""
    attributes = waves.attributes
    bits = attributes.get("bitspersample") or attributes.get("nbitspersample") or signals.text_of("bitspersample")
    if attributes.get("dataencoding", "Base64").lower() != "base64" or bits not in {"", "16"}:
        raise UnreadableFile("The samples of the Philips file are not 16 bits in Base64, which was expected.")
    milliseconds = number_of(attributes.get("durationperchannel", "")) or 0.0
    count = milliseconds * rate_hz / 1000
    if not 1 <= count <= MAX_DECODED_BYTES / (4 * len(names)):
        raise UnreadableFile(
            f"The Philips file announces {milliseconds:g} ms at {rate_hz:g} Hz, which cannot be; export it again."
        )
    try:
        data = binascii.a2b_base64(waves.text)
    except (binascii.Error, ValueError):
        raise UnreadableFile("The samples of the Philips file are no base64; export it again.") from None
    samples = round(count)
    if _is_compressed(waves):
        return np.stack(unpack_channels(data, len(names), samples)).astype(np.int32)
    if len(data) < 2 * samples * len(names):
        raise UnreadableFile(
            f"The Philips file announces {len(names)} leads of {samples} samples and holds {len(data) // 2} samples: "
            "it is truncated; export it again."
        )
    return np.frombuffer(data, "<i2", samples * len(names)).reshape(len(names), samples).astype(np.int32)


def _put_together(raw: _Raw, *, is_compressed: bool) -> list[Remark]:
    """Make limb leads of what is left of them, in place; samples that are not compressed may be whole already."""
    one, two = raw[0], raw[1]
    if not is_compressed and np.abs(raw[2] - (two - one)).sum() < np.abs(raw[2]).sum():
        return [Remark("limb_leads_whole", "The limb leads are stored whole: they obey their algebra as they are.")]
    raw[2] = two - one - raw[2]
    raw[3] = -raw[3] - ((one + two) >> 1)
    raw[4] = ((one - raw[2]) >> 1) - raw[4]
    raw[5] = ((two + raw[2]) >> 1) - raw[5]
    return []


def _pulse_at(raw: _Raw, rate_hz: float) -> int | None:
    """Return the sample from which on every lead holds the same calibration pulse; None where there is none."""
    differs = np.flatnonzero((raw != raw[:1]).any(axis=0))
    begin = int(differs[-1]) + 1 if len(differs) else 0
    tail = raw[0, begin:]
    is_pulse = len(raw) > 1 and begin and len(tail) >= _MIN_PULSE_S * rate_hz and bool(tail.any())
    return begin if is_pulse else None


def _assembled(found: Found, pulse: int | None) -> Recording:
    """Return the recording as it is stored; what was remarked of it leaves the pulse out, which no heart makes."""
    whole = assemble(found)
    if pulse is None:
        return whole
    text = f"From sample {pulse} on, every lead holds the device's calibration pulse instead of the ECG."
    checked = assemble(replace(found, signal=found.signal[:, :pulse]))
    return replace(whole, remarks=(*checked.remarks, Remark("calibration_pulse", text)))


def _doubts(root: Element, waves: Element, signals: Element) -> list[Remark]:
    remarks = []
    version = root.text_of("documentinfo", "documentversion")
    if version not in _VERSIONS:
        remarks.append(Remark("unknown_version", f"The version {version[:16]!r} was read as {max(_VERSIONS)}."))
    offset = number_of(waves.attributes.get("signaloffset", "") or signals.text_of("signaloffset") or "0")
    if offset:
        remarks.append(Remark("signal_offset", f"A signal offset of {offset:g} is stated and was not subtracted."))
    return remarks


def _subject(root: Element, declaration: Declaration) -> Subject:
    person = root.find("patient", "generalpatientdata") or Element("", {})
    stated = age_years(person.text_of("age", "years"))
    born = person.text_of("age", "dateofbirth")
    return Subject(
        age_years=stated if stated is not None else _age_then(born, root.attribute_of("date", "dataacquisition")),
        sex=sex(person.text_of("sex")),
        patient=declaration.pseudonym(person.text_of("patientid")),
    )


def _age_then(born: str, acquired: str) -> float | None:
    """Return the age on the day of the ECG; the date of birth itself goes nowhere."""
    try:
        return age_between(date.fromisoformat(born[:10]), date.fromisoformat(acquired[:10]))
    except ValueError:
        return None
