"""Where the heart beats: peaks of the activity of all leads together."""

from typing import Final

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from services.signal_analysis.engine.sampling import RATE_HZ, Samples, of_ms
from services.signal_analysis.engine.trace import Trace
from services.signal_analysis.engine.velocity import Places, band_passed, cut

QRS_BAND_HZ: Final = (8.0, 30.0)
_WINDOW_MS: Final = 60.0
_REFRACTORY_MS: Final = 200.0
_SHARE: Final = 0.33
"""Of the median of the largest activities per 1.5 s: what a beat exceeds."""
_STRETCH_MS: Final = 1500.0
_ATRIAL_MS: Final = 330.0
_TOO_NEAR_MS: Final = 250.0
_LARGER: Final = 1.25
_AT_SPIKE_MS: Final = 40.0
_CLEAR_CREST: Final = 5.0
_LEAST_CREST: Final = 2.5
"""Where any beat is clear of the median activity, all exceed it so much; at 250 per minute none is, in noise none."""
_ALIKE: Final = 0.05
_SEVERAL: Final = 3


def find_peaks_of(trace: Trace) -> Places:
    """Return the beats of a trace as samples at 500 Hz, before they are aligned."""
    band = band_passed(trace.signal[trace.independent], *QRS_BAND_HZ)
    moving = np.square(np.gradient(band, axis=-1)).sum(axis=0)
    activity = np.sqrt(uniform_filter1d(moving, of_ms(_WINDOW_MS)).clip(0)) * RATE_HZ / 1000
    found, _ = find_peaks(activity, distance=of_ms(_REFRACTORY_MS))
    if not len(found):
        return np.empty(0, np.int64)
    width = of_ms(_STRETCH_MS)
    starts = range(0, max(1, len(activity) - width // 2), width)
    usual = float(np.median([activity[at : at + width].max() for at in starts]))
    found = found[activity[found] > _SHARE * usual]
    crests = activity[found] / max(float(np.median(activity)), 1e-12)
    found = found[crests > _LEAST_CREST] if (crests > _CLEAR_CREST).any() else found
    kept = [at for place, at in enumerate(found) if not _is_aside(place, found, activity, trace.spikes)]
    return _without_calibration(np.array(kept, np.int64), band)


def _is_aside(place: int, found: Places, activity: Samples, spikes: Places) -> bool:
    """Tell what lies beside a larger complex and is no beat: an artefact, or what an atrial pacing spike leaves."""
    at = found[place]
    beside = [*found[max(0, place - 1) : place], *found[place + 1 : place + 2]]
    larger = [one for one in beside if activity[one] > _LARGER * activity[at]]
    if any(abs(one - at) < of_ms(_TOO_NEAR_MS) for one in larger):
        return True
    spiked = len(spikes) and np.abs(spikes - at).min() < of_ms(_AT_SPIKE_MS)
    near = [one for one in larger if abs(one - at) < of_ms(_ATRIAL_MS)]
    # No pacemaker paces so soon after a beat: what comes before a paced beat was the atrium's own spike.
    paced = [one for one in near if one > at and ((spikes > at) & (spikes <= one)).any()]
    return bool(paced) or (bool(spiked) and bool(near))


def _without_calibration(found: Places, band: Samples) -> Places:
    """Drop calibration pulses, which are the same in every lead; no heart does that, since III is II - I."""
    if len(band) < _SEVERAL or not len(found):
        return found
    half = of_ms(_WINDOW_MS)
    beats = cut(band, found, half, half)
    common = beats.mean(axis=1, keepdims=True)
    away = np.square(beats - common).sum(axis=(1, 2)) / np.maximum(np.square(beats).sum(axis=(1, 2)), 1e-12)
    return np.asarray(found[away > _ALIKE])
