"""Waves marked on strips of a few leads, with the RR intervals beneath."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from services.signal_analysis.paper.layouts import Leads, in_rows
from services.signal_analysis.paper.sheet import Anchor, Drawing, Pen, Scale, Shade, Stroke, Words, on_bold_line
from services.signal_analysis.view import View, Wave

LEADS: Final = ("II", "V1", "V5")
COLOURS: Final = {"P": "#cfe3f5", "QRS": "#d6efd8", "T": "#f6e3c0"}
FOOT_MM: Final = 10.0
HEAD_MM: Final = 5.0
_Place = Callable[[float], float]


def wave_strips(view: View, leads: Leads, scale: Scale, room_mm: float) -> Drawing:
    """Draw strips of leads II, V1 and V5, or of the first lead, with a band for every wave and its letter above."""
    shown = tuple(name for name in LEADS if leads.lead(name) is not None) or leads.names[:1]
    plain = in_rows(leads, tuple((name,) for name in shown), scale, room_mm - HEAD_MM - FOOT_MM)
    left = plain.width_mm - on_bold_line(leads.samples / leads.rate_hz * scale.mm_per_s)

    def x(sample: float) -> float:
        return left + sample / leads.rate_hz * scale.mm_per_s

    bands = [_band(wave, x, plain.height_mm) for wave in view.waves]
    ticks, intervals = _intervals(view, x, plain.height_mm)
    return replace(
        plain,
        height_mm=plain.height_mm + FOOT_MM,
        strokes=plain.strokes + ticks,
        words=(*plain.words, *(words for _, words in filter(None, bands)), *intervals),
        shades=tuple(shade for shade, _ in filter(None, bands)),
        note="RR intervals in ms.",
    )


def _band(wave: Wave, x: _Place, height: float) -> tuple[Shade, Words] | None:
    known = [point for point in (wave.onset, wave.peak, wave.offset) if point is not None]
    if not known:
        return None
    left, right = x(known[0]), x(known[-1])
    shade = Shade(left, 0, max(0.3, right - left), height, COLOURS.get(wave.kind, "#e4e4e4"))
    # QRS one line lower than P and T, which would lie beneath it where the PR interval is short.
    y = 6.0 if wave.kind == "QRS" else 3.0
    return shade, Words(wave.kind, (left + right) / 2, y, 2.4, anchor=Anchor.MIDDLE)


def _intervals(view: View, x: _Place, y: float) -> tuple[tuple[Stroke, ...], tuple[Words, ...]]:
    ticks = tuple(Stroke(np.array([[x(peak), y + 1], [x(peak), y + 4]]), Pen.RULE) for peak in view.r_peaks)
    lengths = tuple(
        Words(
            f"{(late - early) / view.rate_hz * 1000:.0f}",
            (x(early) + x(late)) / 2,
            y + 4,
            2.4,
            anchor=Anchor.MIDDLE,
        )
        for early, late in pairwise(view.r_peaks)
    )
    return ticks, lengths
