"""What was measured on one signal, by the names of a table's columns; imports little, for each process of a pool does.

The unit is in the name, and the lead where there is one: "qrs_duration_ms", "st_j_V2_mv".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from services.signal_analysis.measurements import Measurement

REASON: Final = "_reason"
_WORDS: Final = {"/min": "per_min", "ms": "ms", "s": "s", "deg": "deg", "mV": "mv", "mV.ms": "mv_ms", "%": "percent"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one signal, or why it was refused; made where it is measured, so of plain types alone."""

    values: Mapping[str, float | None]
    reasons: Mapping[str, str]
    units: Mapping[str, str]
    refusal: str = ""


def flat(measurements: Iterable[Measurement]) -> Measured:
    """Return measurements by the names of their columns."""
    values, reasons, units = dict[str, float | None](), dict[str, str](), dict[str, str]()
    for each in measurements:
        name = column_of(each.name, each.unit, each.lead)
        values[name], units[name] = each.value, each.unit
        if not each.lead:
            reasons[name + REASON] = each.reason
    return Measured(values, reasons, units)


@cache
def column_of(name: str, unit: str, lead: str = "") -> str:
    """Return the name of a measurement's column, e.g. "qrs_duration_ms" or "st_j_V2_mv"."""
    word = _WORDS.get(unit, "")
    stem = f"{name}_{lead}" if lead else name
    return stem if not word or stem.endswith(f"_{word}") else f"{stem}_{word}"
