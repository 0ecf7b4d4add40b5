"""What is measured on an ECG: a value, or the reason why there is none."""

from dataclasses import dataclass
from typing import Final

_DECIMALS: Final = {"ms": 1, "deg": 1, "/min": 2, "mV": 4, "mV.ms": 2, "1": 0}
"""More would be noise."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value with its unit (UCUM)."""

    name: str
    value: float | None
    unit: str
    reason: str = ""
    lead: str = ""
    """The lead it was measured on; empty where it holds for all."""


def measured(name: str, value: float | None, unit: str, reason: str = "", lead: str = "") -> Measurement:
    """Return a measurement, rounded to what can be told; the reason is kept where there is no value."""
    if value is None:
        return Measurement(name, None, unit, reason, lead)
    return Measurement(name, round(float(value), _DECIMALS[unit]), unit, "", lead)
