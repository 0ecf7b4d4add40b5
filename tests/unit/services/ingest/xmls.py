"""XML files of ECGs for the tests of ingest, written from known samples."""

import base64
import struct
import zlib
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS

EIGHT = (0, 1, *range(6, 12))
"""The rows of the leads that devices record."""


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """Return damaged copies: cut, bytes changed, a piece removed or doubled."""
    at = st.integers(0, len(data) - 1)

    def damage(drawn: tuple[str, int, int, bytes]) -> bytes:
        kind, first, second, put = drawn
        low, high = sorted((first, second))
        return {
            "cut": data[:first],
            "put": data[:first] + put + data[first + len(put) :],
            "insert": data[:first] + put + data[first:],
            "remove": data[:low] + data[high:],
            "double": data[:high] + data[low:high][:4096] + data[high:],
        }[kind]

    kinds = st.sampled_from(["cut", "put", "insert", "remove", "double"])
    return st.tuples(kinds, at, at, st.binary(min_size=1, max_size=6)).map(damage)


def text_of(row: NDArray[Any], separator: str = " ") -> str:
    """Return samples as text, broken into lines as devices do."""
    words = [str(value) for value in row.tolist()]
    return "\n\t".join(separator.join(words[at : at + 20]) + separator.strip() for at in range(0, len(words), 20))


def aecg_of(  # noqa: PLR0913 what a file can vary
    raw: NDArray[Any],
    *,
    scale: str = '<scale value="1" unit="uV"/>',
    origin: str = '<origin value="0" unit="uV"/>',
    increment: str = '<increment value="0.002" unit="s"/>',
    time: str = "TIME_ABSOLUTE",
    code: str = "RHYTHM",
    before: str = "",
    names: tuple[str, ...] = STANDARD_LEADS,
) -> str:
    """Return an annotated ECG whose raw digits have the same origin and scale in every lead."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!-- a comment --><AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><effectiveTime><center value="20200101120000"/>'
        "</effectiveTime><componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
        '<id root="1.2.3" extension="SBJ-1"/><subjectDemographicPerson><name>Doe</name>'
        '<administrativeGenderCode code="F"/><birthTime value="19600101"/></subjectDemographicPerson></trialSubject>'
        f"</subject></subjectAssignment></componentOf></timepointEvent></componentOf>{before}"
        f'<component><series><code code="{code}"/>{sequence_set(raw, scale, origin, increment, time, names)}'
        "<derivation><derivedSeries><code code='REPRESENTATIVE_BEAT'/>"
        f"{sequence_set(raw[:, :300] * 3, scale, origin, increment, time, names)}</derivedSeries></derivation>"
        "</series></component></AnnotatedECG>"
    )


def sequence_set(raw: NDArray[Any], scale: str, origin: str, increment: str, time: str, names: tuple[str, ...]) -> str:
    """Return a set of simultaneous sequences."""
    leads = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{name.upper()}" codeSystem="2.16.840.1.113883.6.24"/>'
        f'<value xsi:type="SLIST_PQ">{origin}{scale}<digits>{text_of(row)}</digits></value></sequence></component>'
        for name, row in zip(names, raw, strict=False)
    )
    return (
        f'<component><sequenceSet><component><sequence><code code="{time}"/><value xsi:type="GLIST_TS">'
        f'<head value="20200101120000"/>{increment}</value></sequence></component>{leads}</sequenceSet></component>'
    )


def muse_of(
    raw: NDArray[Any],
    *,
    kinds: tuple[str, ...] = ("Median", "Rhythm"),
    doctype: str = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">',
    change: tuple[str, str] = ("", ""),
) -> bytes:
    """Return a MUSE file of eight leads; the median is a third of the first 300 samples."""
    waves = "".join(_muse_waveform(raw[:, :300] // 3 if kind == "Median" else raw, kind) for kind in kinds)
    text = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n{doctype}\n<RestingECG><PatientDemographics><PatientID>77-1'
        "</PatientID><PatientAge>63</PatientAge><AgeUnits>YEARS</AgeUnits><Gender>MALE</Gender><PatientLastName>Doe"
        "</PatientLastName></PatientDemographics><TestDemographics><AcquisitionDevice>MAC55</AcquisitionDevice>"
        f"</TestDemographics>{waves}</RestingECG>"
    )
    return text.replace(*change).encode("latin-1") if change[0] else text.encode("latin-1")


def _muse_waveform(raw: NDArray[Any], kind: str) -> str:
    leads = ""
    for row in EIGHT:
        data = raw[row].astype("<i2").tobytes()
        leads += (
            f"<LeadData><LeadSampleCountTotal>{raw.shape[1]}</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>4.88"
            f"</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>"
            f"{STANDARD_LEADS[row]}</LeadID><LeadSampleSize>2</LeadSampleSize><LeadOff>FALSE</LeadOff><LeadDataCRC32>"
            f"{zlib.crc32(data)}</LeadDataCRC32><WaveFormData>\n{base64.encodebytes(data).decode()}</WaveFormData>"
            "</LeadData>"
        )
    return (
        f"<Waveform><WaveformType>{kind}</WaveformType><SampleType>CONTINUOUS_SAMPLES</SampleType><SampleBase>500"
        f"</SampleBase><SampleExponent>0</SampleExponent>{leads}</Waveform>"
    )


def cardiosoft_of(*blocks: str, encoding: str = "ISO8859-1") -> bytes:
    """Return a CardioSoft file with these blocks of samples."""
    return (
        f'<?xml version="1.0" encoding="{encoding}" ?>\n<CardiologyXML><ObservationType>RestECG</ObservationType>'
        "<ClinicalInfo><DeviceInfo><Desc>CardioSoft</Desc><SoftwareVer>V6.71</SoftwareVer></DeviceInfo></ClinicalInfo>"
        '<PatientInfo><Name><FamilyName>Müller</FamilyName></Name><PID>77-1</PID><Age units="years">71</Age><Gender>'
        f"FEMALE</Gender></PatientInfo>{''.join(blocks)}</CardiologyXML>"
    ).encode("latin-1")


def strip_of(raw: NDArray[Any], *, tag: str = "StripData", resolution: str = "5", samples: int | None = None) -> str:
    """Return a block with a list of samples per lead."""
    leads = "".join(
        f'<WaveformData lead="{name}">{text_of(row, ",").rstrip(",")}</WaveformData>'
        for name, row in zip(STANDARD_LEADS, raw, strict=False)
    )
    return (
        f'<{tag}><NumberOfLeads>{len(raw)}</NumberOfLeads><SampleRate units="Hz">500</SampleRate>'
        f"<ChannelSampleCountTotal>{raw.shape[1] if samples is None else samples}</ChannelSampleCountTotal>"
        f'<Resolution units="uVperLsb">{resolution}</Resolution>{leads}</{tag}>'
    )


def disclosure_of(raw: NDArray[Any], names: str) -> str:
    """Return a full disclosure: all leads sample by sample."""
    return (
        f'<FullDisclosure><NumberOfChannels>{len(raw)}</NumberOfChannels><SampleRate units="Hz">500</SampleRate>'
        f'<Resolution units="uVperLsb">5</Resolution><LeadOrder>{names}</LeadOrder><FullDisclosureData>'
        f"{text_of(raw.T.ravel(), ',')}</FullDisclosureData></FullDisclosure>"
    )


def sierra_of(
    raw: NDArray[Any],
    *,
    compressed: bool = True,
    whole: bool = False,
    version: str = "1.04",
    change: tuple[str, str] = ("", ""),
) -> bytes:
    """Return a Philips file; `whole` keeps limb leads as they are, which only uncompressed files may."""
    stored = raw.astype(np.int64).copy()
    if not whole:
        one, two, three = stored[:3].copy()
        stored[2] = two - one - three
        stored[3] = -stored[3] - ((one + two) >> 1)
        stored[4] = ((one - three) >> 1) - stored[4]
        stored[5] = ((two + three) >> 1) - stored[5]
    data = b"".join(map(xli_of, stored)) if compressed else stored.astype("<i2").tobytes()
    stated = 'compression="XLI"' if compressed else 'compression="Uncompressed"'
    text = (
        '<?xml version="1.0" encoding="UTF-16"?><restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>'
        f"<documenttype>PhilipsECG</documenttype><documentversion>{version}</documentversion></documentinfo>"
        '<dataacquisition date="2010-01-01"><machine>PageWriter</machine><signalcharacteristics><samplingrate>500'
        "</samplingrate><signalresolution>5</signalresolution><acquisitiontype>STD-12</acquisitiontype>"
        "<bitspersample>16</bitspersample><signaloffset>0</signaloffset><numberchannelsvalid>12</numberchannelsvalid>"
        "</signalcharacteristics></dataacquisition><patient><generalpatientdata><patientid>77-1</patientid><name>"
        "<lastname>Doe</lastname></name><age><dateofbirth>1950-01-01</dateofbirth></age><sex>Female</sex>"
        f'</generalpatientdata></patient><waveforms><parsedwaveforms dataencoding="Base64" {stated} '
        f'numberofleads="12" leadlabels="{" ".join(STANDARD_LEADS)}" durationperchannel="{raw.shape[1] * 2}" '
        f'samplespersecond="500" resolution="5">{base64.encodebytes(data).decode()}</parsedwaveforms></waveforms>'
        "</restingecgdata>"
    )
    return (text.replace(*change) if change[0] else text).encode("utf-16")


def xli_of(row: NDArray[Any]) -> bytes:
    """Return one compressed channel."""
    bends = 2 * row[1:-1] - row[:-2] - row[2:]
    words = np.concatenate((row[:2], bends[1:] + 64, [0]))[: len(row)].astype(np.uint16)
    words[-1] = 64
    packed = _lzw((words >> 8).astype(np.uint8).tobytes() + (words & 255).astype(np.uint8).tobytes())
    return struct.pack("<ihh", len(packed), 1, int(bends[0])) + packed


def _lzw(data: bytes) -> bytes:
    known = {bytes((value,)): value for value in range(256)}
    codes, current = [], b""
    for value in data:
        longer = current + bytes((value,))
        if longer in known:
            current = longer
            continue
        codes.append(known[current])
        if len(known) < 1023:
            known[longer] = len(known)
        current = longer[-1:]
    bits = "".join(f"{code:010b}" for code in [*codes, known[current], 0, 1023])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") + b"\0"
