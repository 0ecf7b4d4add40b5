"""Baseline wander: what the leads do between the quiet moments just before every QRS."""

from dataclasses import replace
from typing import Final

import numpy as np

from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.engine.trace import Trace

_BEFORE_ONSET: Final = of_ms(24)
_HALF: Final = of_ms(8)


def levelled(trace: Trace, qrs_onsets: Samples) -> Trace:
    """Subtract the line from each beat's PR segment to the next one's, so that the average beat stands on zero.

    A high-pass filter would bend ST segments along with the baseline (AHA/ACC/HRS 2007); this bends nothing.
    """
    last = trace.signal.shape[1] - 1
    knots = np.clip(np.round(qrs_onsets).astype(np.int64) - _BEFORE_ONSET, 0, last)
    around = np.clip(knots[:, None] + np.arange(-_HALF, _HALF + 1), 0, last)
    levels = trace.signal[:, around].mean(axis=-1)
    time = np.arange(last + 1)
    drift = np.stack([np.interp(time, knots, level) for level in levels])
    return replace(trace, signal=trace.signal - drift)
