"""From a view to a sheet of paper, one function per kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.shared.errors import InvalidRequest
from services.signal_analysis.paper.beats import in_cells
from services.signal_analysis.paper.layouts import Layout, Leads, arranged, in_rows
from services.signal_analysis.paper.page import ROOM_MM, Head, framed
from services.signal_analysis.paper.sheet import STANDARD, Drawing, Scale, Sheet
from services.signal_analysis.paper.strips import wave_strips
from services.signal_analysis.view import View, ViewKind

SPEEDS: Final = (25.0, 50.0)
GAINS: Final = (5.0, 10.0, 20.0)
PAGE_S: Final = 10.0
"""What a page holds."""
QRS_MM_PER_S: Final = 100.0
"""Beats are enlarged in time; the page says so."""
BEAT_MM_PER_S: Final = 50.0
LEVEL_S: Final = 0.03
"""Overlaid beats begin at the level of their first 30 ms, so that baseline wander does not part them."""
WHAT: Final = {
    ViewKind.RAW: "ECG",
    ViewKind.QRS: "QRS complexes laid over each other",
    ViewKind.EVENTS: "Waves",
    ViewKind.MEDIAN_BEATS: "Median beats, time-aligned",
    ViewKind.ALIGNED: "Time-aligned ECG",
    ViewKind.REPRESENTATIVE_BEATS: "Representative beats",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """How a view is put on paper; raises InvalidRequest for a scale that is on no ECG paper."""

    layout: Layout = Layout.COLUMNS_AND_RHYTHM
    scale: Scale = STANDARD

    def __post_init__(self) -> None:
        if self.scale.mm_per_s not in SPEEDS or self.scale.mm_per_mv not in GAINS:
            raise InvalidRequest(f"Paper runs at 25 or 50 mm/s with 5, 10 or 20 mm/mV, not at {self.scale}.")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose ECG it is, as far as paper tells."""

    record_id: str
    recorded: str = ""
    """When it was recorded (ISO 8601), as the file states it; empty where it states nothing."""
    duration_s: float = 0.0
    device_filter: str = ""
    """What the device had filtered before; empty where it is not known."""


def drawn(view: View, subject: Subject, paper: Paper) -> Sheet:
    """Draw a view; where there is nothing to draw, the page says why."""
    head = _head(view, subject)
    if view.signal is None and view.beats is None:
        return framed(Drawing(250, 100, (), (), scale=paper.scale), head)
    return framed(_MAKERS[view.kind](view, paper), head)


def _raw(view: View, paper: Paper) -> Drawing:
    return arranged(_leads(view), paper.layout, paper.scale, ROOM_MM)


def _aligned(view: View, paper: Paper) -> Drawing:
    return in_rows(_leads(view), tuple((lead,) for lead in view.leads), paper.scale, ROOM_MM)


def _events(view: View, paper: Paper) -> Drawing:
    return wave_strips(view, _leads(view), paper.scale, ROOM_MM)


def _qrs(view: View, paper: Paper) -> Drawing:
    beats = np.empty((0, 0, 0), np.float32) if view.beats is None else view.beats
    start = max(1, round(LEVEL_S * view.rate_hz))
    levels = np.median(beats[:, :, :start], axis=2, keepdims=True)
    known = [row for row in range(len(beats)) if np.isfinite(beats[row]).any()]
    names = tuple(view.leads[row] for row in known)
    scale = Scale(QRS_MM_PER_S, paper.scale.mm_per_mv)
    return in_cells((beats - levels)[known], names, view.rate_hz, scale)


def _beats(view: View, paper: Paper) -> Drawing:
    scale = Scale(BEAT_MM_PER_S, paper.scale.mm_per_mv)
    return in_cells(_leads(view).signal[:, None], view.leads, view.rate_hz, scale)


_MAKERS: Final[dict[ViewKind, Callable[[View, Paper], Drawing]]] = {
    ViewKind.RAW: _raw,
    ViewKind.QRS: _qrs,
    ViewKind.EVENTS: _events,
    ViewKind.MEDIAN_BEATS: _beats,
    ViewKind.ALIGNED: _aligned,
    ViewKind.REPRESENTATIVE_BEATS: _beats,
}


def _leads(view: View) -> Leads:
    signal = np.empty((len(view.leads), 0), np.float32) if view.signal is None else view.signal
    return Leads(signal, view.leads, view.rate_hz)


def _head(view: View, subject: Subject) -> Head:
    rate = "heart rate unknown" if view.heart_rate_bpm is None else f"heart rate {view.heart_rate_bpm:.0f}/min"
    device = f"   device: {subject.device_filter}" if subject.device_filter else ""
    return Head(
        record_id=subject.record_id,
        what=WHAT[view.kind],
        recorded=f"Recorded {subject.recorded.replace('T', ' ')}" if subject.recorded else "Time of recording unknown",
        stretch=f"{_stretch(view, subject)}   {view.rate_hz:g} Hz   {rate}{device}",
        state=view.filter,
        notes=tuple(remark.text for remark in view.remarks),
    )


def _stretch(view: View, subject: Subject) -> str:
    if view.kind in {ViewKind.RAW, ViewKind.EVENTS} and view.signal is not None:
        end = view.start_s + view.signal.shape[1] / view.rate_hz
        return f"{view.start_s:.1f} to {end:.1f} s of {subject.duration_s:.1f} s"
    return f"from {view.start_s:.1f} s of {subject.duration_s:.1f} s"
