"""From a window to its beats."""

from typing import Final

import numpy as np

from services.signal_analysis.engine.analysis import Beats, Found
from services.signal_analysis.engine.families import kinds_of, sort_beats
from services.signal_analysis.engine.peaks import find_peaks_of
from services.signal_analysis.engine.trace import sort_leads, trace_of, unfit
from services.signal_analysis.window import Window

NO_BEAT: Final = "No beat was found: the leads show no QRS complexes that are alike and stand out."
_SEVERAL: Final = 4
_LEAST_ALIKE: Final = 0.3
"""Of four or more beats: the share that must look alike. Noise looks like nothing, not even itself."""


def find_beats(window: Window) -> Found:
    """Find the beats of a window over all leads that carry a signal."""
    leads = sort_leads(window)
    if reason := unfit(window, leads):
        return Found(None, leads.usable, reason, leads.remarks)
    trace = trace_of(window, leads)
    found = find_peaks_of(trace)
    if not len(found):
        return Found(None, leads.usable, NO_BEAT, leads.remarks)
    families, peaks = sort_beats(trace, found)
    if len(peaks) >= _SEVERAL and np.bincount(families).max() < max(2, _LEAST_ALIKE * len(peaks)):
        return Found(None, leads.usable, NO_BEAT, leads.remarks)
    beats = Beats(trace, peaks, families, kinds_of(families, peaks, trace.spikes))
    return Found(beats, leads.usable, "", leads.remarks)
