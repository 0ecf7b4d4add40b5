"""Every QRS complex of every lead, cut out around its R peak and laid over the others."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark
from services.signal_analysis import rhythm
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window

BEFORE_MS: Final = 100.0
AFTER_MS: Final = 150.0


def make(window: Window) -> View:
    """Return (leads, beats, samples) from 100 ms before to 150 ms after each R peak, unfiltered."""
    found = rhythm.find(window)
    before, after = window.milliseconds(BEFORE_MS), window.milliseconds(AFTER_MS)
    whole = [peak for peak in found.r_peaks if peak >= before and peak + after < window.samples]
    remarks = [*window.remarks, *found.remarks]
    if left_out := len(found.r_peaks) - len(whole):
        remarks.append(Remark("beats_cut_off", f"{left_out} QRS cut off by an end of the window are left out."))
    return View(
        kind=ViewKind.QRS,
        leads=window.leads,
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        beats=_cut(window, np.array(whole, np.int64), np.arange(-before, after + 1)) if whole else None,
        beat_peak_index=before,
        r_peaks=tuple(whole),
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=tuple(remarks),
    )


def _cut(window: Window, peaks: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    return window.signal[:, peaks[:, None] + offsets]
