"""Where the heart beats, on the samples of a window, and the rate that follows."""

from dataclasses import dataclass

import numpy as np

from services.shared.ecg import Remark
from services.signal_analysis.engine.analysis import Found
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.engine.rhythmics import heart_rate, too_few
from services.signal_analysis.engine.sampling import RATE_HZ, Samples
from services.signal_analysis.window import Window


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The beats of a window."""

    r_peaks: tuple[int, ...] = ()
    usable: tuple[int, ...] = ()
    """Rows of the leads that carry a signal throughout."""
    heart_rate_bpm: float | None = None
    """60 s over the mean RR interval."""
    reason: str = ""
    """Why there is no heart rate."""
    remarks: tuple[Remark, ...] = ()


def find(window: Window) -> Rhythm:
    """Find the R peaks of a window over all leads."""
    return of(window, find_beats(window))


def of(window: Window, found: Found) -> Rhythm:
    """Return what the engine found, on the samples of the window."""
    if found.beats is None:
        return Rhythm((), found.usable, None, found.reason, (*found.remarks, Remark("no_beats", found.reason)))
    places = found.beats.peaks / RATE_HZ * window.rate_hz
    peaks = tuple(np.unique(np.clip(np.round(places), 0, window.samples - 1).astype(np.int64)).tolist())
    if few := too_few(found.beats, window.duration_s):
        return Rhythm(peaks, found.usable, None, few, (*found.remarks, Remark("few_beats", few)))
    return Rhythm(peaks, found.usable, heart_rate(found.beats), "", found.remarks)


def native(samples: Samples, window: Window) -> Samples:
    """Return places of the engine on the samples of the window, rounded; NaN stays."""
    return np.clip(np.round(samples / RATE_HZ * window.rate_hz), 0, window.samples - 1)
