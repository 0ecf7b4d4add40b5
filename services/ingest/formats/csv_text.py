"""CSV: a column (or row) per lead, with or without names, a time column, a unit in the header."""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.arrays import Bare, read_bare
from services.ingest.decoding.csv_table import Table, looks_like_table, parse_table
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.units import millivolt_per
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "csv"

_TIME = re.compile(
    r"(?:elapsed )?(?:time|t|timestamp|seconds?|sec|s|ms)[ _]*[(\[]?(ms|msec|milliseconds?|s|sec|seconds?)?[)\]]?"
)
_UNIT = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]$|[ _]([munµμ]?V)$", re.IGNORECASE)
_INDEX: Final = frozenset({"", "index", "unnamed: 0", "sample", "samples", "sample #", "sample_number"})
_UNEVEN: Final = 0.5
"""Steps of a time column may differ by this much of a step, which rounding to its last digit can make."""


def sniff(file: UploadedFile) -> bool:
    """Recognise text that begins with rows of numbers."""
    return looks_like_table(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a CSV; a header's names, units and time column win over the declaration."""
    table = parse_table(file.data)
    return read_bare(_named_rows(table) if table.row_names else _columns(table), declaration)


def _columns(table: Table) -> Bare:
    names, values, whole = list(table.header or ()), table.values, table.whole
    rate_hz = None
    remarks: list[Remark] = []
    if len(names) > 1 and names[0].lower() in _INDEX:
        names, values, whole = names[1:], values[1:], whole[1:]
    if len(names) > 1 and (time := _TIME.fullmatch(names[0].lower())):
        in_ms = (time[1] or names[0].lower()).startswith("ms") or "milli" in names[0].lower()
        rate_hz = _rate_of(values[0]) * (1000 if in_ms else 1)
        remarks.append(Remark("rate_from_time", f"The rate of {rate_hz:g} Hz was taken from the time column."))
        names, values, whole = names[1:], values[1:], whole[1:]
    return Bare(
        values,
        names=tuple(_UNIT.sub("", name).strip() for name in names) or None,
        oriented=bool(names),
        rate_hz=rate_hz,
        millivolt_per_unit=_units(names),
        integers=all(whole),
        remarks=tuple(remarks),
    )


def _named_rows(table: Table) -> Bare:
    return Bare(table.values.T, names=table.row_names, oriented=True, integers=all(table.whole))


def _units(names: list[str]) -> tuple[float, ...] | None:
    """Return the factor of every column where each names its unit, e.g. "I (mV)"."""
    found = [match for name in names if (match := _UNIT.search(name))]
    factors = [factor for match in found if (factor := millivolt_per(match[1] or match[2])) is not None]
    return tuple(factors) if names and len(factors) == len(names) else None


def _rate_of(times: NDArray[np.float64]) -> float:
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0
    if not (step > 0 and np.abs(steps - step).max() <= step * _UNEVEN):
        raise UnreadableFile("The time column does not grow evenly; remove it and declare sampling_rate_hz.")
    return round(len(steps) / float(times[-1] - times[0]), 3)
