"""What stands beside an array: lines above a CSV's table, keys of an NPZ or MAT."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.digits import number_of
from services.ingest.decoding.leads import canonical, inverted
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.subject import UNKNOWN, Subject, age_years, sex
from services.ingest.decoding.units import ucum
from services.shared.ecg import Remark

Said = str | float | tuple[str, ...] | tuple[float, ...]
"""One thing that is said: a text or a number, or one of them for every lead."""

_RATE = re.compile(r"(?:fs|sr|s?freq(?:uency)?|s?rate|sampl(?:e|es|ing)?(?:rate|freq(?:uency)?))(?:in)?(k?hz)?")
_SURELY_RATE = re.compile(r"fs|sr|sampl.*|srate|sfreq|.*hz")
_UNIT = re.compile(r"(?:sig(?:nal)?|voltage|amplitude|physical|lead|channel|ecg)?s?units?")
_RESOLUTION = re.compile(r"(?:amplitude|sample|signal)?(?:resolution|lsb)(?:in)?([umn]?v)?(?:per\w+)?|([umn]?v)per\w+")
_GAIN = re.compile(r"(?:adc)?gain(?:(?:in)?adupermv)?|(?:adu|units|digits|lsb|counts)per(?:mv|millivolt)")
_LEADS = re.compile(
    r"(?:ecg)?(?:leads?|ch(?:an(?:nel)?s?(?:locs?)?)?s?|sig(?:nal)?s?)(?:names?|labels?|order)|leads?|ch(?:annel)?s?|labels"
)
_AGE = re.compile(r"(?:patient|subject)?age(?:in)?(?:y|years)?")
_SEX = re.compile(r"(?:patient|subject)?(?:sex|gender)")
_PATIENT = re.compile(r"(?:patient|subject)(?:id|no|number)?|mrn|pid")
_DEVICE = re.compile(r"(?:acquisition|recording)?device(?:name|model)?|recorder|machine|equipment|manufacturer")
_ACQUIRED = re.compile(r"(?:recording|recorded|acquisition|acquired|measurement|start)(?:date|time|datetime|at|on)+")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?")
_QUANTITY = re.compile(r"([-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[-+]?\d+)?)\s*(.*)", re.IGNORECASE)
_HERTZ: Final = {"": 1.0, "hz": 1.0, "hertz": 1.0, "1/s": 1.0, "sps": 1.0, "samples/s": 1.0, "khz": 1000.0}
_PER_MV = re.compile(r"(?:adu|units?|lsb|digits?|counts?)?\s*(?:/|per)\s*(?:mv|millivolt)", re.IGNORECASE)
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of an array."""

    rate_hz: float | None = None
    names: tuple[str, ...] | None = None
    units: tuple[str, ...] = ()
    """As UCUM writes them: one for all leads, or one for each; none where no unit of voltage is said."""
    resolutions: tuple[float, ...] = ()
    """How many units one digit is: one number for all leads, or one for each."""
    subject: Subject = UNKNOWN
    device: str | None = None
    acquired_at: str | None = None
    remarks: tuple[Remark, ...] = ()


def stated_of(said: Mapping[str, Said], declaration: Declaration) -> Stated:
    """Return what can be understood of all that is said; keys may be spelt in any usual way."""
    plain = {re.sub(r"[^a-z0-9]", "", key.lower().replace("µ", "u")): value for key, value in said.items()}
    units, resolutions, remarks = _scale(plain)
    return Stated(
        rate_hz=next(_rates(plain), None),
        names=next(_names(plain), None),
        units=units,
        resolutions=resolutions,
        subject=Subject(
            age_years=age_years(_text(plain, _AGE)),
            sex=sex(_text(plain, _SEX)),
            patient=declaration.pseudonym(_text(plain, _PATIENT)),
        ),
        device=quoted(_text(plain, _DEVICE), _MAX_TEXT) or None,
        acquired_at=_instant(_text(plain, _ACQUIRED)),
        remarks=remarks,
    )


def _rates(said: Mapping[str, Said]) -> Iterator[float]:
    for key, value in said.items():
        match = _RATE.fullmatch(key)
        if match is None or isinstance(value, tuple):
            continue
        number, unit = _quantity(value) if isinstance(value, str) else (value, "")  # NaN too, to be refused as a rate
        factor = _HERTZ.get((unit or match[1] or "").lower().removesuffix("."))
        if isinstance(value, str) and not unit and not _SURELY_RATE.fullmatch(key):
            continue  # a bare "Rate: 72" in text may be the heart's
        if number is not None and factor is not None:
            yield number * factor


def _names(said: Mapping[str, Said]) -> Iterator[tuple[str, ...]]:
    for key, value in said.items():
        if not _LEADS.fullmatch(key) or isinstance(value, float):
            continue
        given = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) else map(str, value)
        names = tuple(name.strip() for name in given)
        if any(canonical(name) or inverted(name) for name in names):
            yield names


def _scale(said: Mapping[str, Said]) -> tuple[tuple[str, ...], tuple[float, ...], tuple[Remark, ...]]:
    """Return the units of digits, and how many of them a digit is; () where nothing is said."""
    units = next((_units(value) for key, value in said.items() if _UNIT.fullmatch(key)), ())
    for key, value in said.items():
        if match := _RESOLUTION.fullmatch(key):
            numbers, unit = _quantities(value)
            named = ucum(unit.split("/")[0].split(" per ")[0]) or ucum(match[1] or match[2] or "")
            if numbers and (named or units):
                return (named,) if named else units, numbers, ()
        if _GAIN.fullmatch(key):
            numbers, unit = _quantities(value)
            if numbers and (key != "gain" or _PER_MV.fullmatch(unit)) and all(numbers):
                return units or ("mV",), tuple(1 / number for number in numbers), ()
            text = "The file holds a gain without saying of what: declare gain_adu_per_mv if it is units per millivolt."
            return units, (), (Remark("unclear_gain", text),)
    return units, (), ()


def _units(value: Said) -> tuple[str, ...]:
    given = value if isinstance(value, tuple) else (value,)
    units = tuple(ucum(str(each).strip().removeprefix("in ")) for each in given)
    known = tuple(unit for unit in units if unit)
    return known if len(known) == len(units) else ()


def _quantities(value: Said) -> tuple[tuple[float, ...], str]:
    found = [_quantity(each) for each in (value if isinstance(value, tuple) else (value,))]
    numbers = tuple(number for number, _ in found if number is not None)
    return (numbers if len(numbers) == len(found) else ()), found[0][1] if found else ""


def _quantity(value: str | float) -> tuple[float | None, str]:
    if not isinstance(value, str):
        return number_of(str(value)), ""
    match = _QUANTITY.fullmatch(value.strip())
    return (number_of(match[1].replace(",", ".")), match[2].strip()) if match else (None, "")


def _text(said: Mapping[str, Said], pattern: re.Pattern[str]) -> str:
    return next((str(v).strip() for k, v in said.items() if pattern.fullmatch(k) and not isinstance(v, tuple)), "")


def _instant(text: str) -> str | None:
    match = _INSTANT.match(text)
    return f"{match[1]}T{match[2]}{match[3] or ''}" if match else None
