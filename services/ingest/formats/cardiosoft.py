"""GE CardioSoft XML (CardiologyXML, the schema of UK Biobank 20205 and 6025).

StripData holds a list of integers per lead, FullDisclosure one list of all leads, sample by sample; both state the
microvolt of one unit (Resolution) and a rate. MedianSamples is a beat, never the recording.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.claims import device, hertz, measurement, measurements, moment, statements
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of, samples_of, stacked
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_years, sex
from services.ingest.decoding.units import millivolt_per, ucum
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Acquisition, DeviceMeasurement, Filters, Scale
from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import UnreadableFile

NAME = "cardiosoft-xml"

ABOUT: Final = About(
    title="GE CardioSoft XML, UK Biobank",
    reads="StripData lead by lead, else FullDisclosure sample by sample; labels in any case; odd names of encodings",
    refuses="files with a median only, counts that do not fit, resolutions in no microvolt, DTDs and entities",
    units="resolution in microvolt per unit",
    rate="SampleRate of the block",
    proof=(
        "test_cardiosoft.py::test_the_resolution_is_used_and_the_case_of_labels_is_not",
        "test_real_files.py::test_cardiosoft_xml",
    ),
)

_WHAT: Final = "CardioSoft XML"
_HERTZ: Final = {"": 1.0, "hz": 1.0, "khz": 1000.0}
_MEASUREMENTS: Final = {
    "ventricularrate": "heart_rate",
    "rrinterval": "rr_interval",
    "pduration": "p_duration",
    "pqinterval": "pr_interval",
    "printerval": "pr_interval",
    "qrsduration": "qrs_duration",
    "qtinterval": "qt_interval",
    "qtcinterval": "qtc_interval",
    "paxis": "p_axis",
    "raxis": "qrs_axis",
    "qrsaxis": "qrs_axis",
    "taxis": "t_axis",
}
_AGE_UNITS: Final = {"years": "Y", "months": "M", "weeks": "W", "days": "D"}


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of samples."""

    signal: Signal
    """(leads, samples), millivolt."""
    names: tuple[str, ...]
    rate_hz: float
    resolution: float
    unit: str
    """What one stored unit is."""


def sniff(file: UploadedFile) -> bool:
    """Recognise the root element."""
    return root_of(file.data) == "cardiologyxml"


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the strip with the most leads, or the full disclosure where there is no strip."""
    root = parse(file.data, _WHAT)
    strips = [strip for strip in root.descendants("stripdata") if any(_leads(strip))]
    disclosures = [each for each in root.descendants("fulldisclosure") if each.text_of("fulldisclosuredata")]
    if not strips and not disclosures:
        raise UnreadableFile(
            "The CardioSoft file holds neither StripData nor FullDisclosure, only measurements or a median beat; "
            "export it with its waveforms."
        )
    block = _strip(max(strips, key=lambda strip: len(_leads(strip)))) if strips else _disclosure(disclosures[0])
    others = len(strips) + len(disclosures) - 1
    remarks = (Remark("other_signals", f"{others} other blocks of samples were not read: only one was."),)
    return assemble(
        Found(
            block.signal,
            block.names,
            block.rate_hz,
            remarks if others else (),
            _subject(root, declaration),
            _acquisition(root, block),
        )
    )


def _leads(strip: Element) -> list[Element]:
    return [lead for lead in strip.all("waveformdata") if lead.text]


def _strip(strip: Element) -> _Block:
    leads = _leads(strip)
    names = tuple(lead.attribute("lead") or f"lead {row + 1}" for row, lead in enumerate(leads))
    rows = [samples_of(lead.text, f"lead {name}") for lead, name in zip(leads, names, strict=True)]
    announced = number_of(strip.text_of("channelsamplecounttotal"))
    if announced is not None and any(len(row) < announced for row in rows):
        raise UnreadableFile(
            f"The CardioSoft file announces {announced:g} samples per lead and holds {min(map(len, rows))}: "
            "it is truncated; export it again."
        )
    return _block(stacked(rows, names, _WHAT), names, strip)


def _disclosure(block: Element) -> _Block:
    """Return a full disclosure: sample 1 of every lead, then sample 2 of every lead."""
    order = [name.strip() for name in block.text_of("leadorder").split(",") if name.strip()]
    values = samples_of(block.text_of("fulldisclosuredata"), "the full disclosure")
    count = number_of(block.text_of("numberofchannels"))
    if not order or (count is not None and count != len(order)):
        raise UnreadableFile(
            f"The full disclosure announces {count or 0:g} channels and names {len(order)} leads; export it again."
        )
    if len(values) % len(order):
        raise UnreadableFile(
            f"The full disclosure holds {len(values)} samples, which do not divide into {len(order)} leads: "
            "it is truncated; export it again."
        )
    return _block(np.ascontiguousarray(values.reshape(-1, len(order)).T), tuple(order), block)


def _block(raw: Signal, names: tuple[str, ...], block: Element) -> _Block:
    unit = block.attribute_of("units", "resolution") or "uVperLsb"
    voltage, _, per = unit.lower().partition("per")
    factor, resolution = millivolt_per(voltage), number_of(block.text_of("resolution"))
    if factor is None or per not in {"", "lsb", "bit"} or resolution is None or resolution <= 0:
        raise UnreadableFile(
            f"The resolution of the CardioSoft file is {block.text_of('resolution')[:16] or 'missing'} {unit[:16]}; "
            "a number of uVperLsb was expected."
        )
    return _Block(millivolt_of(raw, resolution * factor), names, _rate_hz(block), resolution, ucum(voltage) or "")


def _rate_hz(block: Element) -> float:
    rate = number_of(block.text_of("samplerate"))
    per_unit = _HERTZ.get(block.attribute_of("units", "samplerate").lower())
    if rate is None or per_unit is None:
        raise UnreadableFile("The CardioSoft file states no sampling rate with its samples; SampleRate was expected.")
    return rate * per_unit


def _subject(root: Element, declaration: Declaration) -> Subject:
    person = root.at("patientinfo")
    unit = _AGE_UNITS.get(person.attribute_of("units", "age").lower(), "Y")
    return Subject(
        age_years=age_years(person.text_of("age") + unit),
        sex=sex(person.text_of("gender")),
        patient=declaration.pseudonym(person.text_of("pid")),
    )


def _acquisition(root: Element, block: _Block) -> Acquisition:
    person, time = root.at("patientinfo", "name"), root.at("observationdatetime")
    spoken = root.at("interpretation")
    return Acquisition(
        device=_device(root),
        acquired_at=moment(*(time.text_of(part) for part in ("year", "month", "day", "hour", "minute", "second"))),
        filters=_filters(root.at("filtersetting")),
        scales=tuple(Scale(name, block.resolution, block.unit) for name in block.names),
        measurements=_measurements(root.at("restingecgmeasurements")),
        statements=statements(
            [text.text for name in ("diagnosistext", "conclusiontext") for text in spoken.descendants(name)],
            [person.text_of("familyname"), person.text_of("givenname")],
        ),
    )


def _measurements(table: Element) -> tuple[DeviceMeasurement, ...]:
    stated = ((name, table.at(tag)) for tag, name in _MEASUREMENTS.items())
    return measurements(measurement(name, each.text, each.attribute("units")) for name, each in stated)


def _filters(setting: Element) -> Filters:
    notch = next((hz for hz in (50.0, 60.0) if setting.text_of(f"filter{hz:.0f}hz").lower() == "yes"), None)
    return Filters(hertz(setting.text_of("highpass")), hertz(setting.text_of("lowpass")), notch)


def _device(root: Element) -> str | None:
    info = root.at("clinicalinfo", "deviceinfo")
    stated = device(info.text_of("desc"), info.text_of("softwarever"))
    return device("GE", stated) if stated else None
