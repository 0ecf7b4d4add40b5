"""Every beat at its place in a beat of one second: Rlign (Plagwitz 2024) on the beats that `rhythm` found."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from services.shared.ecg import Remark, Signal
from services.signal_analysis.quiet import quiet
from services.signal_analysis.rhythm import Rhythm
from services.signal_analysis.warping import Template, warp
from services.signal_analysis.window import Window

TEMPLATE_BPM: Final = 60
MIN_BEATS: Final = 3
BASELINE_HZ: Final = 0.5
BASELINE_REMOVED: Final = f"high-pass {BASELINE_HZ:g} Hz"
"""What is done to a signal before it is warped."""
QR_MS: Final = 40.0
"""Rlign moves 35 ms before and 55 ms after an R peak unchanged; a peak nearer to an end cannot be moved."""
RS_MS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """An ECG warped in time; without beats where it could not be."""

    signal: Signal
    """(usable leads, samples), millivolt, from the first R peak to the last one moved; NaN where Rlign left a gap."""
    leads: tuple[str, ...]
    r_peaks: tuple[int, ...]
    remarks: tuple[Remark, ...]


def align(window: Window, rhythm: Rhythm) -> Alignment:
    """Warp a window so that an R peak falls on every second; refuses too few beats in a remark, never by raw data."""
    leads = tuple(window.leads[row] for row in rhythm.usable)
    first, last = window.milliseconds(QR_MS), window.samples - window.milliseconds(RS_MS)
    movable = np.array([peak for peak in rhythm.r_peaks if first <= peak < last], np.int64)
    if rhythm.heart_rate_bpm is None or len(movable) < MIN_BEATS:
        return _none(leads, f"Beats cannot be aligned: {MIN_BEATS} are needed, {len(movable)} were found.")
    try:
        warped, targets = _warp(without_baseline(window, rhythm), movable, (window.rate_hz, rhythm.heart_rate_bpm))
    except (IndexError, ValueError, ZeroDivisionError):
        # Rlign fails so where two beats follow each other too closely to be stretched.
        return _none(leads, "Beats cannot be aligned: their distances do not fit any heartbeat.")
    known = np.flatnonzero(np.isfinite(warped).any(axis=0))
    start, stop = int(known[0]), int(known[-1]) + 1
    trimmed = warped[:, start:stop].astype(np.float32)
    r_peaks = tuple(int(peak) - start for peak in targets if start <= peak < stop)
    return Alignment(trimmed, leads, r_peaks, _remarks(rhythm, len(targets), trimmed))


def _none(leads: tuple[str, ...], text: str) -> Alignment:
    return Alignment(np.empty((len(leads), 0), np.float32), leads, (), (Remark("not_aligned", text),))


def _warp(
    signal: NDArray[np.float64], peaks: NDArray[np.int64], rates: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return Rlign's output (leads, samples), NaN where it left nothing, and where the R peaks are in it."""
    rate_hz, heart_rate_bpm = round(rates[0]), max(1, round(rates[1]))
    samples = signal.shape[1]
    seconds = max(3, int(np.ceil(samples / rate_hz)))  # whole seconds, or its slices break
    with quiet():
        template = Template.of(rate_hz, seconds, TEMPLATE_BPM, heart_rate_bpm)
        targets = template.r_peaks
        targets = targets[targets < samples][: len(peaks)]
        # Rlign's public way looks for R peaks on one lead, "corrects" those of irregular rhythms, and hands back an
        # ECG that it could not scale as if it had: so only its warping is used, with our R peaks.
        warped = warp(signal, peaks[: len(targets)], template, rate_hz)
    return warped, targets


def without_baseline(window: Window, rhythm: Rhythm) -> NDArray[np.float64]:
    """Return the usable leads without baseline wander, which the warping would turn into steps."""
    high_pass = butter(2, BASELINE_HZ, "highpass", fs=window.rate_hz, output="sos")
    filtered: NDArray[np.float64] = sosfiltfilt(
        high_pass, window.signal[list(rhythm.usable)].astype(np.float64), axis=1
    )
    return filtered


def _remarks(rhythm: Rhythm, used: int, aligned: Signal) -> tuple[Remark, ...]:
    text = (
        f"Time runs at {TEMPLATE_BPM} beats per minute (Rlign): intervals are not the patient's. "
        f"Baseline wander below {BASELINE_HZ:g} Hz is removed. "
        f"From the first to the last of {used} R peaks, of {len(rhythm.r_peaks)} found."
    )
    remarks = [Remark("time_warped", text)]
    if np.isnan(aligned).any():
        remarks.append(Remark("gaps", "Beats too short to be stretched leave gaps."))
    return tuple(remarks)
