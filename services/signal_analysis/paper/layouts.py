"""Where leads go on the paper."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from services.shared.ecg import STANDARD_LEADS, Signal
from services.signal_analysis.paper.sheet import Anchor, Drawing, Line, Pen, Scale, Stroke, Words, on_bold_line
from services.signal_analysis.paper.trace import Place, calibration_pulse, level, trace


class Layout(StrEnum):
    """The ways to arrange twelve leads."""

    COLUMNS = "3x4"
    COLUMNS_AND_RHYTHM = "3x4-ii"
    HALVES = "6x2"
    ROWS = "12x1"
    CABRERA = "cabrera"


CABRERA: Final = ("aVL", "I", "-aVR", "II", "aVF", "III")
"""The limb leads in the order of their angles."""
_CHEST: Final = STANDARD_LEADS[6:]
_COLUMNS: Final = tuple(tuple(STANDARD_LEADS[row + 3 * column] for column in range(4)) for row in range(3))
ROWS_OF: Final = {
    Layout.COLUMNS: _COLUMNS,
    Layout.COLUMNS_AND_RHYTHM: (*_COLUMNS, ("II",)),
    Layout.HALVES: tuple(zip(STANDARD_LEADS[:6], _CHEST, strict=True)),
    Layout.ROWS: tuple((lead,) for lead in STANDARD_LEADS),
    Layout.CABRERA: tuple(zip(CABRERA, _CHEST, strict=True)),
}
"""The leads of each row, one after the other in time; "-" turns a lead over."""
PULSE_MM: Final = 3.0
"""Left free around the calibration pulse."""
TIGHT_ROWS: Final = 5
"""From so many rows a row may be lower: its neighbours' waves then reach into it, as on every device's paper."""


@dataclass(frozen=True, slots=True)
class Leads:
    """A multi-lead signal (leads, samples), millivolt, as it is put on paper."""

    signal: Signal
    names: tuple[str, ...]
    rate_hz: float

    @property
    def samples(self) -> int:
        """The number of samples per lead."""
        return int(self.signal.shape[1])

    def lead(self, name: str) -> Signal | None:
        """Return a lead (samples,), "-" turned over; None where it was not recorded."""
        plain = name.removeprefix("-")
        if plain not in self.names:
            return None
        samples: Signal = self.signal[self.names.index(plain)]
        if not np.isfinite(samples).any():
            return None
        return -samples if name.startswith("-") else samples


@dataclass(frozen=True, slots=True)
class _Rows:
    """The geometry of rows."""

    leads: Leads
    scale: Scale
    height_mm: float

    @property
    def left_mm(self) -> float:
        """Where time begins: right of the calibration pulse."""
        return on_bold_line(0.28 * self.scale.mm_per_s + PULSE_MM)

    @property
    def top_mm(self) -> float:
        """What is left free above low rows, so that the first one's calibration pulse is on the grid."""
        return _top_mm(self.height_mm, self.scale)

    def baseline_mm(self, row: int) -> float:
        """Where a row's baseline lies, on a line of the grid."""
        return float(np.floor(self.top_mm + self.height_mm * (row + 0.5) + 0.5))


def arranged(leads: Leads, layout: Layout, scale: Scale, room_mm: float) -> Drawing:
    """Arrange leads as a layout says, in rows as high as the room allows; leads beyond it are named.

    A recording without any standard lead has a row for each of its own.
    """
    rows: tuple[tuple[str, ...], ...] = ROWS_OF[layout]
    placed = {name.removeprefix("-") for row in rows for name in row}
    left_out = [name for name in leads.names if name not in placed]
    if len(left_out) == len(leads.names) or layout is Layout.ROWS:
        kept = rows if len(left_out) < len(leads.names) else ()
        rows, left_out = (*kept, *((name,) for name in left_out)), []
    note = f"Not on this page: {', '.join(left_out)}." if left_out else ""
    return in_rows(leads, rows, scale, room_mm, note)


def in_rows(leads: Leads, rows: tuple[tuple[str, ...], ...], scale: Scale, room_mm: float, note: str = "") -> Drawing:
    """Draw rows of leads, each lead of a row over its share of the time."""
    geometry = _Rows(leads, scale, _row_mm(len(rows), scale, room_mm))
    strokes: list[Stroke] = []
    words: list[Words] = []
    for number, row in enumerate(rows):
        y = geometry.baseline_mm(number)
        strokes.append(calibration_pulse(geometry.left_mm - 1, y, scale))
        for place, name in enumerate(row):
            share = (place / len(row), (place + 1) / len(row))
            ink, written = _cell(geometry, name, share, y)
            strokes += ink
            words += written
    width = on_bold_line(geometry.left_mm + leads.samples / leads.rate_hz * scale.mm_per_s)
    height = on_bold_line(geometry.top_mm + geometry.height_mm * len(rows))
    return Drawing(width, height, tuple(strokes), tuple(words), scale=scale, note=note)


def _top_mm(row_mm: float, scale: Scale) -> float:
    return max(0.0, on_bold_line(1.2 * scale.mm_per_mv - row_mm / 2))


def _row_mm(rows: int, scale: Scale, room_mm: float) -> float:
    least = max(12, (1.2 if rows > TIGHT_ROWS else 3) * scale.mm_per_mv)
    most = max(20, 4 * scale.mm_per_mv)
    room = np.floor(room_mm / 5) * 5
    row = float(np.clip(np.floor(room / rows), least, most))
    return float(np.clip(np.floor((room - _top_mm(row, scale)) / rows), least, most))


def _cell(geometry: _Rows, name: str, share: tuple[float, float], y: float) -> tuple[list[Stroke], list[Words]]:
    leads, scale = geometry.leads, geometry.scale
    first, last = (round(part * leads.samples) for part in share)
    x = geometry.left_mm + first / leads.rate_hz * scale.mm_per_s
    samples = leads.lead(name)
    shown = name.replace("-", "\N{MINUS SIGN}")
    above = y - min(0.42 * geometry.height_mm, 1.3 * scale.mm_per_mv)
    words = [Words(shown, x + 1, above, bold=True)]
    if share[1] - share[0] == 1:
        # Beside the row, where no wave can run through it.
        words = [Words(shown, -1, y + 1, bold=True, anchor=Anchor.END)]
    if samples is None:
        return [], [*words, Words("not recorded", x + 12, y - 1)]
    ink = [] if first == 0 else [Stroke(line, Pen.RULE) for line in _divider(x, y)]
    place = Place(x, y, level(samples), name=shown)
    return ink + trace(samples[first:last], leads.rate_hz, place, scale), words


def _divider(x: float, y: float) -> tuple[Line, Line]:
    return np.array([[x, y - 4], [x, y - 1.5]]), np.array([[x, y + 1.5], [x, y + 4]])
