"""HL7 annotated ECG (aECG, PORT_MT020001, ANSI/HL7 V3 ECG R1-2004): the rhythm series, never the derived beat.

Physical value = origin + digit x scale, each with its own unit, per lead; time is a head and an increment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import millivolt_of, number_of, samples_of, stacked
from services.ingest.decoding.leads import canonical, of_code
from services.ingest.decoding.safe_xml import Element, parse, root_of
from services.ingest.decoding.subject import Subject, age_between, age_years, sex
from services.ingest.decoding.units import millivolt_per
from services.ingest.formats.base import UploadedFile
from services.shared.acquisition import Acquisition
from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import UnreadableFile

NAME = "aecg"

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
    time: Element

    @property
    def clock(self) -> tuple[str, ...]:
        """What sets that belong together share."""
        value = self.time.find("value") or self.time
        stated = (("head", "value"), ("head", "unit"), ("increment", "value"), ("increment", "unit"))
        return tuple(value.attribute_of(key, child) for child, key in stated)


def sniff(file: UploadedFile) -> bool:
    """Recognise the root element."""
    return root_of(file.data) == "annotatedecg"


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the leads of the rhythm series."""
    root = parse(file.data, _WHAT)
    series, others = _rhythm(root)
    chosen, left = _sets(series)
    signal, names = _signal(chosen)
    remarks = []
    if others + left:
        remarks.append(
            Remark(
                "other_signals", f"{others} other series and {left} other sequence sets were not read: only one was."
            )
        )
    rate_hz, samples = _rate_hz(chosen), max(map(len, signal))
    if samples < rate_hz * _MIN_SECONDS:
        raise UnreadableFile(
            f"The rhythm of the aECG file is {samples} samples, {samples / rate_hz:g} s: too short for a single beat. "
            "Export the whole recording."
        )
    stack = stacked(signal, names, _WHAT)
    return assemble(
        Found(stack, names, rate_hz, tuple(remarks), _subject(root, declaration), Acquisition(_device(series)))
    )


def _rhythm(root: Element) -> tuple[Element, int]:
    """Return the series with the most leads that is no beat, and how many others there are."""
    originals = [
        series
        for series in root.all("component", "series")
        if series.attribute_of("code", "code").upper() not in _BEATS and any(_lead_sets(series))
    ]
    if not originals:
        raise UnreadableFile(
            "The aECG file holds no rhythm series with leads: it describes an ECG without its waveform. "
            "Export it with waveforms."
        )
    best = max(originals, key=lambda series: max(len(each.leads) for each in _lead_sets(series)))
    return best, len(originals) - 1


def _lead_sets(series: Element) -> list[_Set]:
    found = []
    for part in series.all("component", "sequenceset"):
        sequences = list(part.all("component", "sequence"))
        time = next((each for each in sequences if each.attribute_of("code", "code") in _TIMES), None)
        leads = tuple(each for each in sequences if each.find("value", "digits") is not None)
        if time is not None and leads:
            found.append(_Set(leads, time))
        elif leads:
            raise UnreadableFile(
                "The aECG file states no time for its leads; a sequence TIME_ABSOLUTE or TIME_RELATIVE was expected."
            )
    return found


def _sets(series: Element) -> tuple[_Set, int]:
    """Return the leads of the largest set and of those with the same clock, and how many sets were left."""
    sets = _lead_sets(series)
    best = max(sets, key=lambda each: len(each.leads))
    leads, left = list(best.leads), 0
    taken = {_name(lead) for lead in leads}
    for other in sets:
        if other is best:
            continue
        names = {_name(lead) for lead in other.leads}
        if other.clock == best.clock and not names & taken:
            leads += other.leads
            taken |= names
        else:
            left += 1
    return _Set(tuple(leads), best.time), left


def _name(sequence: Element) -> str:
    code, shown = sequence.attribute_of("code", "code"), sequence.attribute_of("displayname", "code")
    known = of_code(code) or canonical(code) or canonical(shown)
    return known or code.removeprefix("MDC_ECG_LEAD_") or shown or "unnamed"


def _signal(chosen: _Set) -> tuple[list[Signal], tuple[str, ...]]:
    names = tuple(_name(lead) for lead in chosen.leads)
    return [_samples(lead, name) for lead, name in zip(chosen.leads, names, strict=True)], names


def _samples(sequence: Element, name: str) -> NDArray[np.float32]:
    """Return the millivolt of one lead."""
    value = sequence.find("value") or sequence
    scale = _voltage(value, "scale", name)
    origin = _voltage(value, "origin", name) if value.attribute_of("value", "origin") else 0.0
    raw = samples_of(value.text_of("digits"), f"lead {name}")
    return millivolt_of(raw, scale, origin)


def _voltage(value: Element, part: str, name: str) -> float:
    unit = value.attribute_of("unit", part)
    factor = millivolt_per(unit)
    if factor is None:
        raise UnreadableFile(
            f"The {part} of lead {name} is in {unit[:16] or 'no unit'}; a unit of voltage such as uV was expected."
        )
    number = number_of(value.attribute_of("value", part))
    if number is None:
        raise UnreadableFile(f"The {part} of lead {name} is no number; a value such as 2.5 was expected.")
    return number * factor


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
    return age_between(_date(birth), _date(next((time for time in stated if time), "")))


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:8], "%Y%m%d")  # noqa: DTZ007 only whole days count
    except ValueError:
        return None


def _device(series: Element) -> str | None:
    author = series.find("author", "seriesauthor") or series
    maker = author.text_of("manufacturerorganization", "name")
    model = author.text_of("manufacturedseriesdevice", "manufacturermodelname")
    return " ".join(part for part in (maker, model) if part)[:200] or None
