"""Philips SierraECG XML 1.03, 1.04 and 1.04.01 (restingecgdata): the parsed waveforms, never the representative beats.

Base64 of 16-bit samples, usually XLI compressed. The limb leads III, aVR, aVL and aVF are kept as what is left of them
after what I and II say, and are put together again here; microvolt = sample x resolution.
"""

import binascii
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import MAX_LEADS, Found, assemble
from services.ingest.decoding.calibration import without_pulse
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of
from services.ingest.decoding.philips_claims import acquisition_of
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_years, sex, years_between
from services.ingest.decoding.xli import unpack_channels
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS, Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "philips-sierra"

ABOUT: Final = About(
    title="Philips SierraECG 1.03, 1.04, 1.04.01",
    reads="parsed waveforms, XLI compressed or not, UTF-16 or UTF-8; limb leads put together again; a calibration "
    "pulse at the end is cropped, and told",
    refuses="other compressions, other than 16 bits, lengths that do not fit, DTDs and entities",
    units="resolution in microvolt per unit",
    rate="samples per second",
    proof=(
        "test_philips_sierra.py::test_compressed_leads_are_unpacked_and_limb_leads_put_together",
        "test_philips_sierra.py::test_a_calibration_pulse_is_cropped_and_told_of",
        "test_real_files.py::test_philips_sierra_1_04_and_its_conversion_agree",
    ),
)

_WHAT: Final = "Philips SierraECG"
_VERSIONS: Final = frozenset({"1.03", "1.04", "1.04.01"})
_TWELVE: Final = frozenset({"STD-12", "10-WIRE"})
_LIMBS: Final = STANDARD_LEADS[:6]
_MILLIVOLT_PER_MICROVOLT: Final = 1e-3
_MAX_SAMPLES: Final = 8_000_000
"""Of all leads together: ten minutes of twelve at 1000 Hz, where a cardiograph keeps eleven seconds."""
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
    signals = root.at("dataacquisition", "signalcharacteristics")
    names, rate_hz = _names(waves, signals), _positive(waves, signals, "samplespersecond", "samplingrate")
    resolution = _positive(waves, signals, "resolution", "resolution", "signalresolution")
    remarks = _doubts(root, waves, signals)
    raw = _raw(waves, signals, names, rate_hz)
    if names[: len(_LIMBS)] == _LIMBS:
        remarks += _put_together(raw, is_compressed=_is_compressed(waves))
    millivolt = millivolt_of(raw, resolution * _MILLIVOLT_PER_MICROVOLT)
    signal, cropped = without_pulse(millivolt, rate_hz)
    scales = tuple(Scale(name, resolution, "uV") for name in names)
    return assemble(
        Found(
            signal,
            names,
            rate_hz,
            (*remarks, *cropped),
            _subject(root, declaration),
            acquisition_of(root, waves, signals, scales),
        )
    )


def _names(waves: Element, signals: Element) -> tuple[str, ...]:
    labels = waves.attribute("leadlabels").split()
    count = number_of(waves.attribute("numberofleads"))
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
    stated = [waves.attribute(attribute), *(signals.text_of(element) for element in elements)]
    value = next((number for text in stated if (number := number_of(text)) is not None), None)
    if value is None or value <= 0:
        raise UnreadableFile(f"The Philips file states no {attribute}; a number above 0 was expected.")
    return value


def _is_compressed(waves: Element) -> bool:
    """Say whether the samples are compressed; raises UnreadableFile where it is not known how."""
    stated = waves.attribute("compressmethod") or waves.attribute("compression") or ""
    is_flagged = waves.attribute("compressflag").lower() == "true"
    if stated.upper() == "XLI" or (is_flagged and not stated):
        return waves.attribute("compressflag").lower() != "false"
    if stated.upper() in {"", "NONE", "UNCOMPRESSED"}:
        return False
    raise UnreadableFile(f"Samples compressed by {stated[:16]} are not read; XLI was expected.")


def _raw(waves: Element, signals: Element, names: tuple[str, ...], rate_hz: float) -> _Raw:
    """Return the stored samples (leads, samples); raises UnreadableFile where some are not there."""
    bits = waves.attribute("bitspersample") or waves.attribute("nbitspersample") or signals.text_of("bitspersample")
    if waves.attribute("dataencoding").lower() not in {"", "base64"} or bits not in {"", "16"}:
        raise UnreadableFile("The samples of the Philips file are not 16 bits in Base64, which was expected.")
    milliseconds = number_of(waves.attribute("durationperchannel")) or 0.0
    count = milliseconds * rate_hz / 1000
    if not 1 <= count <= _MAX_SAMPLES / len(names):
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


def _doubts(root: Element, waves: Element, signals: Element) -> list[Remark]:
    remarks = []
    version = root.text_of("documentinfo", "documentversion")
    if version not in _VERSIONS:
        remarks.append(Remark("unknown_version", f"The version {version[:16]!r} was read as {max(_VERSIONS)}."))
    offset = number_of(waves.attribute("signaloffset") or signals.text_of("signaloffset") or "0")
    if offset:
        remarks.append(Remark("signal_offset", f"A signal offset of {offset:g} is stated and was not subtracted."))
    return remarks


def _subject(root: Element, declaration: Declaration) -> Subject:
    person = root.at("patient", "generalpatientdata")
    stated = age_years(person.text_of("age", "years"))
    born, then = person.text_of("age", "dateofbirth"), root.attribute_of("date", "dataacquisition")
    return Subject(
        age_years=stated if stated is not None else years_between(born.replace("-", ""), then.replace("-", "")),
        sex=sex(person.text_of("sex")),
        patient=declaration.pseudonym(person.text_of("patientid")),
    )
