"""A page: lines, words and shades, all in millimetres from its upper left corner."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
"""(points, 2): x and y in millimetres."""


class _Ink(NamedTuple):
    colour: str
    width_mm: float


class Pen(Enum):
    """What lines are drawn with, from the lowest to the topmost."""

    FINE = _Ink("#f7cfcb", 0.1)
    BOLD = _Ink("#e99a94", 0.2)
    RULE = _Ink("#5b6670", 0.2)
    TRACE = _Ink("#101418", 0.25)
    OVERLAID = _Ink("#3a4650", 0.12)


class Anchor(Enum):
    """Which point of a text lies at its place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Scale:
    """How time and voltage become millimetres."""

    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0

    def __str__(self) -> str:
        return f"{self.mm_per_s:g} mm/s   {self.mm_per_mv:g} mm/mV"


STANDARD: Final = Scale()
"""As ECGs are read nearly everywhere."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line."""

    line: Line
    pen: Pen = Pen.TRACE
    name: str = ""
    """Of a trace: its lead."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text; y is its baseline."""

    text: str
    x_mm: float
    y_mm: float
    size_mm: float = 3.0
    bold: bool = False
    anchor: Anchor = Anchor.START


@dataclass(frozen=True, slots=True)
class Shade:
    """A rectangle behind the lines."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    colour: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn into the grid, and the grid's size."""

    width_mm: float
    height_mm: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]
    shades: tuple[Shade, ...] = ()
    scale: Scale = STANDARD
    note: str = ""
    """What its reader must know besides, e.g. which leads do not fit."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole page."""

    width_mm: float
    height_mm: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]
    shades: tuple[Shade, ...]
    title: str


def on_bold_line(mm: float) -> float:
    """Return the nearest multiple of 5 mm that is not less."""
    return float(np.ceil(mm / 5 - 1e-9) * 5)
