"""Which series of a table are leads, which is the time, and which say something else."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.csv_dialect import INDEX, TIME
from services.ingest.decoding.csv_table import Table
from services.ingest.decoding.leads import is_lead
from services.ingest.decoding.quoting import quoted
from services.shared.ecg import MAX_RATE_HZ, MIN_RATE_HZ, Remark
from services.shared.errors import UnreadableFile

_UNEVEN: Final = 0.5
"""Steps of time may differ by this much of a step, which rounding to its last digit can make."""
_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_UNIT_BY_START: Final = {"ms": "ms", "mil": "ms", "us": "us", "µs": "us", "mic": "us", "s": "s"}
_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d)[T ])?(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,](\d+))?Z?")
_WITH_ONE_MORE: Final = (13, 9)
_LEADS: Final = (12, 8)
_CLOCKS = re.compile("time|zeit|temps|tiempo")
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """The leads among the series of a table."""

    places: tuple[int, ...]
    rate_hz: float | None = None
    remarks: tuple[Remark, ...] = ()


def choose(table: Table) -> Chosen:
    """Return the leads, and the rate that a series of time states; whatever else is left out is named in a remark."""
    return _named(table, table.names) if table.names and any(map(is_lead, table.names)) else _unnamed(table)


def _named(table: Table, names: tuple[str, ...]) -> Chosen:
    leads = tuple(place for place, name in enumerate(names) if is_lead(name))
    times = [place for place, name in enumerate(names) if place not in leads and TIME.fullmatch(name)]
    others = [
        name or f"number {place + 1}"
        for place, name in enumerate(names)
        if place not in leads
        and place not in times
        and name.lower() not in INDEX
        and not np.isnan(table.values[place]).all()
    ]
    others += [names[place] for place in table.texts if place not in times and names[place] not in others]
    remarks: list[Remark] = []
    if others:
        text = f"{quoted(', '.join(others), 200)} are no leads and were left out."
        remarks.append(Remark("other_columns", text))
    rate_hz = None
    if times:
        rate_hz, remark = _rate_of(table, times[0])
        remarks.append(remark)
    return Chosen(leads, rate_hz, tuple(remarks))


def _unnamed(table: Table) -> Chosen:
    """Return all series, without a first one that only counts or states the time."""
    every = tuple(range(len(table.values)))
    names = table.names or ("",) * len(every)
    if len(every) > 1 and TIME.fullmatch(names[0]):
        rate_hz, remark = _rate_of(table, 0)
        return Chosen(every[1:], rate_hz, (remark,))
    if len(every) > 1 and table.names and names[0].lower() in INDEX and any(names):
        return Chosen(every[1:])
    if _numbers_rows(table.values):
        text = "The first of the unnamed columns only counts the rows, which are the leads: it was left out."
        return Chosen(every[1:], None, (Remark("index_column", text),))
    if 0 in table.texts or len(every) not in _WITH_ONE_MORE or not _grows_evenly(table.values[0]):
        return Chosen(every)
    return _behind_counted(table, every[1:])


def _behind_counted(table: Table, leads: tuple[int, ...]) -> Chosen:
    """Return the series behind an unnamed first one that grows evenly: it counts, or states the time."""
    step = float(table.values[0, 1] - table.values[0, 0])
    if step == 1:
        text = "The first of the unnamed columns only counts the samples and was left out."
        return Chosen(leads, None, (Remark("index_column", text),))
    if step.is_integer():
        text = "The first of the unnamed columns grows evenly, as time does, in a unit nobody states: it was left out."
        return Chosen(leads, None, (Remark("unclear_time", text),))
    rate_hz, remark = _rate_of(table, 0)
    return Chosen(leads, rate_hz, (remark,))


def _numbers_rows(values: NDArray[np.float64]) -> bool:
    """Say whether the rows are leads that the first column counts from 0 or 1."""
    count = values.shape[1]
    if count not in _LEADS or len(values) <= count:
        return False
    return any(np.array_equal(values[0], np.arange(count) + first) for first in (0, 1))


def _rate_of(table: Table, place: int) -> tuple[float, Remark]:
    """Return the rate that a series of time states; raises UnreadableFile where it does not grow evenly."""
    name = table.names[place] if table.names else ""
    times, unit = table.values[place], _time_unit(table, place)
    if place in table.texts:
        times, unit = _clock(table.texts[place]), "s"
    if not _grows_evenly(times):
        raise UnreadableFile("The time column does not grow evenly; remove it and declare sampling_rate_hz.")
    span = float(times[-1] - times[0])
    steps = np.diff(times)
    per_unit = (len(times) - 1) / span
    if abs(per_unit - round(per_unit)) <= per_unit * float(steps.max() - steps.min()) / span:
        per_unit = float(round(per_unit))  # what the last digit of the times leaves open
    called = f"time column {quoted(name)!r}" if name else "first, evenly growing column"
    for known in [unit] if unit else _SECONDS:
        rate_hz = round(per_unit / _SECONDS[known], 3)
        if unit or MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            taken = "" if unit else f", taken as {known}"
            return rate_hz, Remark("rate_from_time", f"The rate of {rate_hz:g} Hz was taken from the {called}{taken}.")
    raise UnreadableFile("The time column gives no possible rate; remove it and declare sampling_rate_hz.")


def _time_unit(table: Table, place: int) -> str | None:
    """Return "s", "ms" or "us" where the name or the row of units states it."""
    name = table.names[place].lower() if table.names else ""
    match = TIME.fullmatch(name)
    stated = (table.units[place] if table.units else "") or (match[1] if match else "") or ""
    if not stated and name not in {"t", "time", "timestamp"} and not _CLOCKS.search(name):
        stated = name
    return next((unit for start, unit in _UNIT_BY_START.items() if stated.lower().startswith(start)), None)


def _grows_evenly(times: NDArray[np.float64]) -> bool:
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) + 1 >= _FEW else 0.0
    return step > 0 and bool(np.abs(steps - step).max() <= step * _UNEVEN)


def _clock(cells: tuple[str, ...]) -> NDArray[np.float64]:
    """Return seconds of times such as "0:01.002", "12:00:01.002" or "2024-05-01 12:00:01.002"."""
    return np.array([_seconds(cell) for cell in cells], dtype=np.float64)


def _seconds(cell: str) -> float:
    match = _CLOCK.fullmatch(cell)
    if match is None:
        return np.nan
    day, first, second, third, fraction = match.groups()
    parts = (int(first), int(second), int(third)) if third else (0, int(first), int(second))
    try:
        days = dt.date.fromisoformat(day).toordinal() if day else 0
    except ValueError:
        return np.nan
    whole = (parts[0] * 60 + parts[1]) * 60 + parts[2]
    return days * 86_400 + whole + (float(f"0.{fraction}") if fraction else 0.0)
