"""One median beat per lead, of the beats that Rlign aligned."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark, Signal
from services.signal_analysis import rhythm
from services.signal_analysis.alignment import BASELINE_REMOVED, Alignment, align
from services.signal_analysis.median_beat import median_beat
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window

BEFORE_MS: Final = 333.0
AFTER_MS: Final = 667.0


def make(window: Window) -> View:
    """Return one beat of a second per usable lead, its R peak after a third; no signal where there are too few."""
    found = rhythm.find(window)
    alignment = align(window, found)
    before, after = window.milliseconds(BEFORE_MS), window.milliseconds(AFTER_MS)
    beats = _beats(alignment, before, after)
    remarks = [*window.remarks, *found.remarks, *alignment.remarks]
    if beats.shape[1]:
        remarks.append(Remark("median_of_beats", f"The median of {beats.shape[1]} beats."))
    elif alignment.r_peaks:
        remarks.append(Remark("no_whole_beat", "No aligned beat is whole, so that there is no median."))
    return View(
        kind=ViewKind.MEDIAN_BEATS,
        leads=alignment.leads,
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        signal=median_beat(beats) if beats.shape[1] else None,
        beat_peak_index=before if beats.shape[1] else 0,
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=tuple(remarks),
        filter=BASELINE_REMOVED,
    )


def _beats(alignment: Alignment, before: int, after: int) -> NDArray[np.float32]:
    """Return the whole beats (leads, beats, samples) of an aligned ECG; one with a gap is left out."""
    signal: Signal = alignment.signal
    whole = [peak for peak in alignment.r_peaks if peak >= before and peak + after <= signal.shape[1]]
    beats = signal[:, np.array(whole, np.int64)[:, None] + np.arange(-before, after)]
    return beats[:, np.isfinite(beats).all(axis=(0, 2))]
