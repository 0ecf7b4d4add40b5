"""The engine's own sampling rate, and the way there from any other."""

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

RATE_HZ: Final = 500.0
LEAST_RATE_HZ: Final = 80.0
_FINEST: Final = 2000
"""The largest denominator of a ratio of rates; what it leaves is below 1 ms in a minute for every rate in use."""

Samples = NDArray[np.float64]


def of_ms(duration_ms: float) -> int:
    """Return a duration in samples of the engine."""
    return round(duration_ms * RATE_HZ / 1000)


def resampled(signal: Samples, rate_hz: float) -> Samples:
    """Bring (leads, samples) to 500 Hz, band-limited; sample 0 stays where it is."""
    ratio = Fraction(RATE_HZ / rate_hz).limit_denominator(_FINEST)
    if ratio == 1:
        return signal
    # Along a line, because the filter would take a lead's offset for a step at both ends.
    bent: Samples = resample_poly(signal, ratio.numerator, ratio.denominator, axis=1, padtype="line")
    return bent
