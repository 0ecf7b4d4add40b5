"""The ECG warped in time so that its beats align."""

from services.signal_analysis import rhythm
from services.signal_analysis.alignment import BASELINE_REMOVED, align
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window


def make(window: Window) -> View:
    """Return the usable leads with an R peak every second; no signal where too few beats were found."""
    found = rhythm.find(window)
    alignment = align(window, found)
    return View(
        kind=ViewKind.ALIGNED,
        leads=alignment.leads,
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        signal=alignment.signal if alignment.r_peaks else None,
        r_peaks=alignment.r_peaks,
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=(*window.remarks, *found.remarks, *alignment.remarks),
        filter=BASELINE_REMOVED,
    )
