"""Waves and their boundaries on the native signal."""

from services.signal_analysis import rhythm
from services.signal_analysis.delineation import delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window


def make(window: Window) -> View:
    """Return the window's signal, unfiltered, with R peaks and the P, QRS and T waves found."""
    beats = find_beats(window)
    found, delineation = rhythm.of(window, beats), delineate(window, beats)
    return View(
        kind=ViewKind.EVENTS,
        leads=window.leads,
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        signal=window.signal,
        r_peaks=found.r_peaks,
        waves=delineation.waves,
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=(*window.remarks, *found.remarks, *delineation.remarks),
    )
