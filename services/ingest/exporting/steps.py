"""Millivolt as whole numbers of 16 bits with a step per lead, for formats that keep no fractions."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal

_LARGEST: Final = 32_767
_MIN_STEP_UV: Final = 0.1
_MARGIN: Final = 1.001


@dataclass(frozen=True, slots=True)
class Steps:
    """A signal as whole steps."""

    raw: NDArray[np.float64]
    """(leads, samples), whole numbers within ±32,767; NaN where nothing was recorded."""
    microvolt: tuple[float, ...]
    """What one step is, for each lead: a tenth of a microvolt, or what its largest sample asks for."""


def steps_of(signal: Signal) -> Steps:
    """Return a signal (leads, samples) in millivolt as whole steps."""
    microvolt = signal.astype(np.float64) * 1000
    peaks = np.fmax.reduce(np.abs(microvolt), axis=1, initial=0.0)
    steps = tuple(max(_MIN_STEP_UV, float(f"{peak / _LARGEST * _MARGIN:.5g}")) for peak in peaks)
    return Steps(np.round(microvolt / np.asarray(steps)[:, None]), steps)
