"""What is measured on an ECG: a value, or the reason why there is none."""

from dataclasses import dataclass

from services.signal_analysis.rhythm import Rhythm


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value with its unit (UCUM)."""

    name: str
    value: float | None
    unit: str
    reason: str = ""
    lead: str = ""
    """The lead it was taken on; empty where it holds for all."""


def measure(rhythm: Rhythm) -> tuple[Measurement, ...]:
    """Return every measurement that this platform takes, in a fixed order."""
    return (Measurement("heart_rate", rhythm.heart_rate_bpm, "/min", rhythm.reason),)
