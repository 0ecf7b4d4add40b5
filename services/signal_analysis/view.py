"""One way to look at a window, as every view returns it."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark, Signal


class ViewKind(StrEnum):
    """The five ways to look at an ECG."""

    RAW = "raw"
    QRS = "qrs"
    EVENTS = "events"
    MEDIAN_BEATS = "median-beats"
    ALIGNED = "aligned"


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of one beat on the window's samples; a point that was not found is None."""

    kind: str
    """"P", "QRS" or "T"."""
    lead: str
    """Empty where it holds for all."""
    onset: int | None
    peak: int | None
    offset: int | None


@dataclass(frozen=True, slots=True)
class View:
    """A view; which parts are present depends on its kind and on what could be found."""

    kind: ViewKind
    leads: tuple[str, ...]
    rate_hz: float
    start_s: float
    signal: Signal | None = None
    """(leads, samples), millivolt."""
    beats: NDArray[np.float32] | None = None
    """(leads, beats, samples), millivolt."""
    beat_peak_index: int = 0
    """Sample of the R peak within a beat."""
    r_peaks: tuple[int, ...] = ()
    waves: tuple[Wave, ...] = ()
    heart_rate_bpm: float | None = None
    remarks: tuple[Remark, ...] = ()
