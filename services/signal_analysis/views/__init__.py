"""The views: `make` per kind turns a window into a View."""

from collections.abc import Callable
from typing import Final

from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.views import aligned, events, median_beats, qrs, raw, representative
from services.signal_analysis.window import Window

MAKERS: Final[dict[ViewKind, Callable[[Window], View]]] = {
    ViewKind.RAW: raw.make,
    ViewKind.QRS: qrs.make,
    ViewKind.EVENTS: events.make,
    ViewKind.MEDIAN_BEATS: median_beats.make,
    ViewKind.ALIGNED: aligned.make,
    ViewKind.REPRESENTATIVE_BEATS: representative.make,
}
"""How each kind is made; a new view is a module and a line here."""
