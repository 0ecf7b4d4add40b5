"""GE MUSE XML (RestingECG): base64 of little-endian 16-bit samples per lead, the Rhythm waveform, never the Median.

Rate = SampleBase x 10^SampleExponent; microvolt = sample x LeadAmplitudeUnitsPerBit. Devices write eight leads.
"""

import binascii
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of, stacked
from services.ingest.decoding.muse_claims import acquisition_of
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_years, sex
from services.ingest.decoding.units import millivolt_per, ucum
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Scale
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "muse-xml"

ABOUT: Final = About(
    title="GE MUSE XML",
    reads="the Rhythm waveform, base64 of 16-bit samples; 8 leads become 12",
    refuses="files with a median only, difference samples, sizes that do not fit, DTDs other than the bare name of "
    "MUSE's own",
    units="amplitude units per bit, per lead, in their unit",
    rate="SampleBase × 10^SampleExponent",
    proof=(
        "test_muse_xml.py::test_the_exponent_belongs_to_the_rate",
        "test_real_files.py::test_muse_xml",
    ),
)

_WHAT: Final = "MUSE XML"
_DOCTYPE: Final = ("RestingECG", "restecg.dtd")
"""Every file that MUSE writes names this DTD; it is tolerated as a name and never read."""
_SAMPLE_BYTES: Final = 2
_MAX_EXPONENT: Final = 6
_AGE_UNITS: Final = {"YEARS": "Y", "MONTHS": "M", "WEEKS": "W", "DAYS": "D"}


def sniff(file: UploadedFile) -> bool:
    """Recognise the root element."""
    return root_of(file.data) == "restingecg"


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the leads of the rhythm waveform."""
    root = parse(file.data, _WHAT, doctype=_DOCTYPE)
    waveform, remarks = _rhythm(root)
    leads = list(waveform.all("leaddata"))
    names = tuple(lead.text_of("leadid") or f"lead {row + 1}" for row, lead in enumerate(leads))
    scales = [_scale(lead, name) for lead, name in zip(leads, names, strict=True)]
    rows = [_samples(lead, scale, remarks) for lead, scale in zip(leads, scales, strict=True)]
    off = [name for name, lead in zip(names, leads, strict=True) if lead.text_of("leadoff").upper() == "TRUE"]
    if off:
        remarks.append(Remark("lead_off", f"The device says that electrodes of {', '.join(off)} were off."))
    if len({lead.text_of("leadtimeoffset") or "0" for lead in leads}) > 1:
        remarks.append(Remark("time_offsets", "The leads were not recorded at the same time."))
    found = Found(
        stacked(rows, names, _WHAT),
        names,
        _rate_hz(waveform),
        tuple(remarks),
        _subject(root, declaration),
        acquisition_of(root, waveform, tuple(scales)),
    )
    return assemble(found)


def _rhythm(root: Element) -> tuple[Element, list[Remark]]:
    """Return the rhythm waveform with the most leads, the first of equals."""
    kinds = [waveform.text_of("waveformtype") for waveform in root.all("waveform")]
    rhythms = [
        waveform
        for waveform, kind in zip(root.all("waveform"), kinds, strict=True)
        if kind.upper() == "RHYTHM" and waveform.find("leaddata") is not None
    ]
    if not rhythms:
        raise UnreadableFile(
            f"The MUSE file holds no rhythm waveform, only {', '.join(kinds)[:100] or 'measurements'}; "
            "export it with its waveforms."
        )
    best = max(rhythms, key=lambda waveform: sum(1 for _ in waveform.all("leaddata")))
    others = len(rhythms) - 1
    remarks = [Remark("other_signals", f"{others} other rhythm waveforms were not read.")] if others else []
    kind = best.text_of("sampletype").upper()
    if kind not in {"", "CONTINUOUS_SAMPLES"}:
        raise UnreadableFile(f"The MUSE file holds {kind[:40]}; continuous samples were expected: export it again.")
    return best, remarks


def _rate_hz(waveform: Element) -> float:
    base, exponent = number_of(waveform.text_of("samplebase")), number_of(waveform.text_of("sampleexponent") or "0")
    if base is None or exponent is None or abs(exponent) > _MAX_EXPONENT:
        raise UnreadableFile(
            "The rhythm waveform states no sampling rate; SampleBase and SampleExponent were expected."
        )
    return float(base * 10.0**exponent)


def _samples(lead: Element, scale: Scale, remarks: list[Remark]) -> NDArray[np.float32]:
    """Return the millivolt of one lead; raises UnreadableFile where samples are missing."""
    name = scale.lead
    size = lead.text_of("leadsamplesize")
    if size not in {"", str(_SAMPLE_BYTES)}:
        raise UnreadableFile(f"Samples of lead {name} have {size[:16]} bytes; {_SAMPLE_BYTES} were expected.")
    try:
        data = binascii.a2b_base64(lead.text_of("waveformdata"))
    except (binascii.Error, ValueError):
        raise UnreadableFile(f"The samples of lead {name} are no base64; export the file again.") from None
    announced = number_of(lead.text_of("leadsamplecounttotal"))
    count = len(data) // _SAMPLE_BYTES
    if announced is not None and announced != count:
        raise UnreadableFile(
            f"Lead {name} announces {announced:g} samples and holds {count}: the file is truncated; export it again."
        )
    checksum = lead.text_of("leaddatacrc32")
    if checksum.isascii() and checksum.isdigit() and int(checksum[:20]) != zlib.crc32(data):
        remarks.append(Remark("checksum_mismatch", f"The checksum of lead {name} does not fit its samples."))
    raw = np.frombuffer(data, "<i2", count)
    return millivolt_of(raw, scale.resolution * (millivolt_per(scale.unit) or 0.0))


def _scale(lead: Element, name: str) -> Scale:
    unit = lead.text_of("leadamplitudeunits")
    per_bit = number_of(lead.text_of("leadamplitudeunitsperbit"))
    if not ucum(unit) or per_bit is None or per_bit <= 0:
        raise UnreadableFile(
            f"Lead {name} has {lead.text_of('leadamplitudeunitsperbit')[:16] or 'no'} {unit[:16] or 'unit'} per bit; "
            "a number of MICROVOLTS was expected."
        )
    return Scale(name, per_bit, ucum(unit) or "")


def _subject(root: Element, declaration: Declaration) -> Subject:
    person = root.at("patientdemographics")
    unit = _AGE_UNITS.get(person.text_of("ageunits").upper(), "Y")
    return Subject(
        age_years=age_years(person.text_of("patientage") + unit),
        sex=sex(person.text_of("gender")),
        patient=declaration.pseudonym(person.text_of("patientid")),
    )
