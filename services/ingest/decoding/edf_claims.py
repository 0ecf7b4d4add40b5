"""What the header of an EDF says of the recording: when it began, and the filters of its signals.

https://www.edfplus.info/specs/edf.html ("HP:0.1Hz LP:75Hz N:50Hz"), https://www.edfplus.info/specs/edfplus.html (dates)
"""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final

from services.ingest.decoding.digits import number_of
from services.shared.acquisition import Filters

_FILTER = re.compile(r"\b(HP|LP|N|BS|NOTCH)\s*[:=]?\s*(\d+(?:[.,]\d+)?)\s*(K?HZ)?", re.IGNORECASE)
_BAND = re.compile(r"\b(\d+(?:[.,]\d+)?)\s*(?:Hz)?\s*-\s*(\d+(?:[.,]\d+)?)\s*Hz\b", re.IGNORECASE)
_PARTS = re.compile(r"(\d\d)[.:\-/ ](\d\d)[.:\-/ ](\d\d)")
_CENTURY_TURNS: Final = 85
"""Years from 85 on are of the last century; the first day of 85 stands for none."""
_NO_DAY: Final = dt.date(1985, 1, 1)
_MOST_HZ: Final = 100_000.0


def acquired_at(day: str, time: str, *, full_day: dt.date | None, is_hidden: bool) -> str | None:
    """Return when a recording began, of "dd.mm.yy" and "hh.mm.ss"; None where it is unknown or hidden.

    full_day is the day with its whole year, where EDF+ states one.
    """
    began = full_day or _day(day)
    clock = _PARTS.fullmatch(time)
    if is_hidden or began is None or began == _NO_DAY or clock is None:
        return None
    try:
        return dt.datetime.combine(began, dt.time(int(clock[1]), int(clock[2]), int(clock[3]))).isoformat()
    except ValueError:
        return None


def filters_of(texts: Iterable[str]) -> Filters:
    """Return the filters that all signals share; what differs between them is left open."""
    each = [_filters(text) for text in dict.fromkeys(texts)]
    if not each:
        return Filters()
    common = {name: value for name, value in each[0].items() if all(other.get(name) == value for other in each)}
    return Filters(common.get("high"), common.get("low"), common.get("notch"))


def _filters(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, number, unit in _FILTER.findall(text):
        name = {"H": "high", "L": "low"}.get(kind[0].upper(), "notch")
        value = number_of(number.replace(",", "."))
        if value is not None and 0 < value * (1000 if unit[:1].upper() == "K" else 1) <= _MOST_HZ:
            found.setdefault(name, value * (1000 if unit[:1].upper() == "K" else 1))
    band = _BAND.search(text)
    if band and not found:
        low, high = (float(band[place].replace(",", ".")) for place in (1, 2))
        found = {"high": low, "low": high} if 0 < low < high <= _MOST_HZ else {}
    return found


def _day(text: str) -> dt.date | None:
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    year = int(match[3])
    try:
        return dt.date(year + (1900 if year >= _CENTURY_TURNS else 2000), int(match[2]), int(match[1]))
    except ValueError:
        return None
