"""One measured figure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, the floor measured in the same run, and whether the goal holds."""

    name: str
    value: float
    unit: str
    goal: str
    """The goal in words, e.g. "ratio >= 0.6"."""
    holds: bool
    floor: float | None = None
    ratio: float | None = None
