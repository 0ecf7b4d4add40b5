"""One beat per lead that stands for all alike it: their median, on the patient's own time and unfiltered."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark
from services.signal_analysis import rhythm
from services.signal_analysis.median_beat import median_beat
from services.signal_analysis.rhythm import Rhythm
from services.signal_analysis.view import View, ViewKind
from services.signal_analysis.window import Window

BEFORE_MS: Final = 300.0
AFTER_MS: Final = 600.0
BEFORE_SHARE: Final = 0.4
"""Of the median RR interval: a beat reaches no further than its neighbours allow."""
LEVEL_MS: Final = (80.0, 50.0)
"""Before the R peak, where a beat is level between P and Q: what is subtracted, so that baseline wander cancels."""
QRS_MS: Final = 80.0
ALIKE: Final = 0.9
"""Correlation with the median QRS over all leads from which a beat belongs to the dominant form."""
MIN_BEATS: Final = 3


def make(window: Window) -> View:
    """Return one beat per usable lead, nothing stretched; no signal where too few beats are alike."""
    found = rhythm.find(window)
    before, after = _reach(window, found)
    beats = _levelled(window, found, before, after)
    alike = _alike(beats, before, window.milliseconds(QRS_MS))
    enough = len(alike) >= MIN_BEATS
    told = _told(len(alike), len(found.r_peaks), enough=enough)
    return View(
        kind=ViewKind.REPRESENTATIVE_BEATS,
        leads=tuple(window.leads[row] for row in found.usable),
        rate_hz=window.rate_hz,
        start_s=window.start_s,
        signal=median_beat(beats[:, alike]) if enough else None,
        beat_peak_index=before if enough else 0,
        heart_rate_bpm=found.heart_rate_bpm,
        remarks=(*window.remarks, *found.remarks, told),
        filter=window.filter,
    )


def _reach(window: Window, found: Rhythm) -> tuple[int, int]:
    """Return the samples before and after an R peak: at most 300 and 600 ms, and one RR interval in all."""
    interval = 60 * window.rate_hz / (found.heart_rate_bpm or 60)
    before = min(window.milliseconds(BEFORE_MS), int(BEFORE_SHARE * interval))
    return before, min(window.milliseconds(AFTER_MS), int(interval) - before)


def _levelled(window: Window, found: Rhythm, before: int, after: int) -> NDArray[np.float32]:
    """Return the whole beats (leads, beats, samples), each lead of each level at its isoelectric stretch."""
    peaks = np.array([peak for peak in found.r_peaks if before <= peak <= window.samples - after], np.int64)
    beats = window.signal[list(found.usable)][:, peaks[:, None] + np.arange(-before, after)]
    start, stop = (max(0, before - window.milliseconds(duration_ms)) for duration_ms in LEVEL_MS)
    if beats.size == 0 or stop <= start:
        return beats
    levelled: NDArray[np.float32] = beats - np.median(beats[:, :, start:stop], axis=2, keepdims=True)
    return levelled


def _alike(beats: NDArray[np.float32], peak: int, half: int) -> NDArray[np.int64]:
    """Return the beats whose QRS resembles the median QRS over all leads."""
    if beats.shape[1] < MIN_BEATS or beats.shape[0] == 0:
        return np.empty(0, np.int64)
    complexes = beats[:, :, max(0, peak - half) : peak + half].astype(np.float64)
    template = np.median(complexes, axis=1, keepdims=True)
    product = (complexes * template).sum(axis=(0, 2))
    size = np.sqrt(np.square(complexes).sum(axis=(0, 2)) * np.square(template).sum(axis=(0, 2)))
    return np.flatnonzero(product >= ALIKE * np.maximum(size, 1e-12))


def _told(alike: int, found: int, *, enough: bool) -> Remark:
    if not enough:
        text = f"There is no representative beat: {MIN_BEATS} whole beats of one form are needed, {alike} were found."
        return Remark("no_representative_beat", text)
    text = f"The median of {alike} beats of the same form, of {found} found, each set level before its QRS."
    return Remark("median_of_beats", text)
