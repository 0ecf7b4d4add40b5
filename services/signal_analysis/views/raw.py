"""The native signal as it was recorded."""

from services.signal_analysis import rhythm
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window


def make(window: Window) -> View:
    """Return the window's signal, filtered only where that was asked for, with its heart rate."""
    found = rhythm.find(window)
    return View(
        kind=ViewKind.RAW,
        leads=window.leads,
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        signal=window.signal,
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=(*window.remarks, *found.remarks),
        filter=window.filter,
    )
