"""HL7 annotated ECG (aECG, PORT_MT020001, ANSI/HL7 V3 ECG R1-2004): the rhythm series, never the derived beat.

Physical value = origin + digit x scale, each with its own unit, per lead; time is a head and an increment.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.aecg_claims import acquisition_of
from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.calibration import without_pulse
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of, samples_of, stacked
from services.ingest.decoding.leads import canonical, of_code
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_years, sex, years_between
from services.ingest.decoding.units import millivolt_per, ucum
from services.ingest.formats.base import About, UploadedFile
from services.shared.acquisition import Scale
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "aecg"

ABOUT: Final = About(
    title="HL7 annotated ECG",
    reads="the rhythm series; sequence sets of one clock joined, others told of",
    refuses="files without a rhythm series, DTDs and entities, scales in no unit of voltage, leads of different "
    "lengths",
    units="origin + digit × scale, per lead, each with its own unit",
    rate="increment of time, in s, ms or µs",
    proof=(
        "test_aecg.py::test_origin_and_scale_are_used_with_their_units",
        "test_real_files.py::test_aecg_and_dicom_of_the_same_ecg_are_equal",
        "test_hostile_files.py::test_xml_that_brings_more_than_itself_is_refused_at_once",
    ),
)

_WHAT: Final = "HL7 aECG"
_TIMES: Final = frozenset({"TIME_ABSOLUTE", "TIME_RELATIVE"})
_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0}
_BEATS: Final = frozenset({"REPRESENTATIVE_BEAT", "MEDIAN_BEAT", "AVERAGE_BEAT"})
_AGE_UNITS: Final = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}
_REPORTED_AGE: Final = frozenset({"21612-7", "30525-0"})
"""LOINC codes of ages."""
_MIN_SECONDS: Final = 0.5
"""Less is a sketch of a file, or a beat that is not called one."""


@dataclass(frozen=True, slots=True)
class _Set:
    """The sequences that were recorded at the same time."""

    leads: tuple[Element, ...]
    names: tuple[str, ...]
    time: Element

    @property
    def clock(self) -> tuple[str, ...]:
        """What sets that belong together share."""
        value = self.time.find("value") or self.time
        stated = (("head", "value"), ("head", "unit"), ("increment", "value"), ("increment", "unit"))
        return tuple(value.attribute_of(key, child) for child, key in stated)


@dataclass(frozen=True, slots=True)
class _Volts:
    """How the digits of a lead become millivolt."""

    scale_mv: float
    origin_mv: float
    stated: Scale


def sniff(file: UploadedFile) -> bool:
    """Recognise the root element."""
    return root_of(file.data) == "annotatedecg"


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the leads of the rhythm series."""
    root = parse(file.data, _WHAT)
    series, sets, others = _rhythm(root)
    chosen, left = _together(sets)
    volts = [_volts(lead, name) for lead, name in zip(chosen.leads, chosen.names, strict=True)]
    signal = _signal(chosen, volts)
    rate_hz = _rate_hz(chosen)
    _check_duration(max(map(len, signal)), rate_hz)
    stack, cropped = without_pulse(stacked(signal, chosen.names, _WHAT), rate_hz)
    head = chosen.clock[0] if chosen.time.attribute_of("code", "code") == "TIME_ABSOLUTE" else ""
    return assemble(
        Found(
            stack,
            chosen.names,
            rate_hz,
            _told_of(others, left) + cropped,
            _subject(root, declaration),
            acquisition_of(root, series, head, tuple(each.stated for each in volts)),
        )
    )


def _told_of(series: int, sets: int) -> tuple[Remark, ...]:
    text = f"{series} other series and {sets} other sequence sets were not read: only one was."
    return (Remark("other_signals", text),) if series + sets else ()


def _check_duration(samples: int, rate_hz: float) -> None:
    if samples < rate_hz * _MIN_SECONDS:
        raise UnreadableFile(
            f"The rhythm of the aECG file is {samples} samples, {samples / rate_hz:g} s: too short for a single beat. "
            "Export the whole recording."
        )


def _rhythm(root: Element) -> tuple[Element, list[_Set], int]:
    """Return the series with the most leads that is no beat, its sets, and how many other series there are."""
    originals = [
        (series, sets)
        for series in root.all("component", "series")
        if series.attribute_of("code", "code").upper() not in _BEATS and (sets := _lead_sets(series))
    ]
    if not originals:
        raise UnreadableFile(
            "The aECG file holds no rhythm series with leads: it describes an ECG without its waveform. "
            "Export it with waveforms."
        )
    best, sets = max(originals, key=lambda each: max(len(one.leads) for one in each[1]))
    return best, sets, len(originals) - 1


def _lead_sets(series: Element) -> list[_Set]:
    found = []
    for part in series.all("component", "sequenceset"):
        sequences = list(part.all("component", "sequence"))
        time = next((each for each in sequences if each.attribute_of("code", "code") in _TIMES), None)
        leads = tuple(each for each in sequences if each.find("value", "digits") is not None)
        if time is not None and leads:
            found.append(_Set(leads, tuple(map(_name, leads)), time))
        elif leads:
            raise UnreadableFile(
                "The aECG file states no time for its leads; a sequence TIME_ABSOLUTE or TIME_RELATIVE was expected."
            )
    return found


def _together(sets: list[_Set]) -> tuple[_Set, int]:
    """Return the leads of the largest set and of those with the same clock, and how many sets were left."""
    best = max(sets, key=lambda each: len(each.leads))
    leads, names, left = best.leads, best.names, 0
    for other in sets:
        if other is best:
            continue
        if other.clock == best.clock and not {*other.names} & {*names}:
            leads, names = leads + other.leads, names + other.names
        else:
            left += 1
    return _Set(leads, names, best.time), left


def _name(sequence: Element) -> str:
    code, shown = sequence.attribute_of("code", "code"), sequence.attribute_of("displayname", "code")
    known = of_code(code) or canonical(code) or canonical(shown)
    return known or code.removeprefix("MDC_ECG_LEAD_") or shown or "unnamed"


def _signal(chosen: _Set, volts: list[_Volts]) -> list[NDArray[np.float32]]:
    """Return the millivolt of each lead."""
    return [
        millivolt_of(samples_of(lead.text_of("value", "digits"), f"lead {name}"), each.scale_mv, each.origin_mv)
        for lead, name, each in zip(chosen.leads, chosen.names, volts, strict=True)
    ]


def _volts(sequence: Element, name: str) -> _Volts:
    value = sequence.at("value")
    number, per, unit = _voltage(value.at("scale"), "scale", name)
    origin = value.at("origin")
    zero, zero_per, _ = _voltage(origin, "origin", name) if origin.attribute("value") else (0.0, 1.0, "")
    return _Volts(number * per, zero * zero_per, Scale(name, number, unit))


def _voltage(part: Element, what: str, name: str) -> tuple[float, float, str]:
    """Return a value, the millivolt of one of its unit, and the unit."""
    unit = part.attribute("unit")
    factor = millivolt_per(unit)
    if factor is None:
        raise UnreadableFile(
            f"The {what} of lead {name} is in {unit[:16] or 'no unit'}; a unit of voltage such as uV was expected."
        )
    number = number_of(part.attribute("value"))
    if number is None:
        raise UnreadableFile(f"The {what} of lead {name} is no number; a value such as 2.5 was expected.")
    return number, factor, ucum(unit) or ""


def _rate_hz(chosen: _Set) -> float:
    _, _, increment, unit = chosen.clock
    seconds = (number_of(increment) or 0.0) * _SECONDS.get(unit, 0.0)
    if seconds <= 0:
        raise UnreadableFile(
            f"The increment of time is {increment[:16] or 'missing'} {unit[:16]}; a time such as 0.002 s was expected."
        )
    return round(1 / seconds, 4)


def _subject(root: Element, declaration: Declaration) -> Subject:
    trial = ("componentof", "timepointevent", "componentof", "subjectassignment", "subject", "trialsubject")
    person = root.find(*trial, "subjectdemographicperson") or root
    patient = root.attribute_of("extension", *trial, "id") or root.attribute_of("root", *trial, "id")
    return Subject(
        age_years=_reported_age(root) or _age_then(root, person.attribute_of("value", "birthtime")),
        sex=sex(person.attribute_of("code", "administrativegendercode")),
        patient=declaration.pseudonym(patient),
    )


def _reported_age(root: Element) -> float | None:
    for observation in root.all("controlvariable", "relatedobservation"):
        if observation.attribute_of("code", "code") in _REPORTED_AGE:
            unit = _AGE_UNITS.get(observation.attribute_of("unit", "value"), "Y")
            return age_years(observation.attribute_of("value", "value") + unit)
    return None


def _age_then(root: Element, birth: str) -> float | None:
    """Return the age at the time of the ECG; the date of birth itself goes nowhere."""
    stated = (root.attribute_of("value", "effectivetime", part) for part in ("center", "low"))
    return years_between(birth, next((time for time in stated if time), ""))
