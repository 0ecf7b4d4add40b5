"""Whether a wave is there at all: what cannot be told from noise or from another rhythm is absent, with the reason."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.signal_analysis.engine import p_wave
from services.signal_analysis.engine.analysis import Beats, Family
from services.signal_analysis.engine.families import Kind
from services.signal_analysis.engine.sampling import RATE_HZ, Samples, of_ms
from services.signal_analysis.engine.t_wave import TWave
from services.signal_analysis.engine.velocity import Places, smooth

LEAST_P_MV: Final = 0.015
LEAST_T_MV_S: Final = 0.6
LEAST_T_RATIO: Final = 2.5
"""Of the velocity in the fall of T to that at rest."""
PREMATURE: Final = 0.85
"""Of the median RR interval."""
PREMATURE_LIKENESS: Final = 0.5
_HALF_HUMP: Final = of_ms(70)
_CYCLES: Final = range(of_ms(160), of_ms(300))
"""200 to 375 per minute: the rate of flutter waves."""
_SAME_FORM: Final = 0.8
_SAME_SIZE: Final = (0.6, 1.7)


def absent_p(dominant: Family, coherence: float, independent: Places) -> str:
    """Say why no P waves are shown; empty where they are."""
    if np.isnan(coherence):
        return f"P waves cannot be told from noise in fewer than {p_wave.LEAST_BEATS} beats."
    if coherence < p_wave.COHERENT:
        return "What precedes the QRS complexes differs from beat to beat: there are no conducted P waves."
    if dominant.p is None:
        return "There is no room for a P wave between T and QRS at this rate."
    if dominant.p_wave is None or dominant.p_wave.height_mv < LEAST_P_MV:
        return "P waves are too flat to be told from the baseline."
    if _repeats(dominant, independent):
        return "The same wave comes again between the beats, as in atrial flutter: it is no P wave."
    return ""


def beats_with_p(likeness: Samples, beats: Beats) -> NDArray[np.bool_]:
    """Tell the beats that have the P wave of the others.

    A beat of the usual form and at the usual time has it, even where noise hides it; an ectopic or premature one only
    where the same can be seen before it.
    """
    known = np.nan_to_num(likeness, nan=-1.0)
    intervals = beats.intervals_s
    early = np.zeros(len(beats.peaks), bool)
    if len(intervals):
        early[1:] = intervals < PREMATURE * np.median(intervals)
    ectopic = np.array([kind is Kind.ECTOPIC for kind in beats.kinds])
    return np.where(ectopic, known > p_wave.COHERENT, ~early | (known > PREMATURE_LIKENESS))


def absent_t(found: TWave | None) -> str:
    """Say why a family shows no T wave; empty where it does."""
    if found is None:
        return "There is no room for a T wave before the next beat at this rate, or nothing that falls like one."
    if found.height_mv_s < max(LEAST_T_MV_S, LEAST_T_RATIO * found.rest_mv_s):
        return "T waves are too flat to be told from the baseline."
    return ""


def _repeats(dominant: Family, independent: Places) -> bool:
    """Tell whether the hump before QRS, in form and size, was there one flutter cycle before."""
    if dominant.p_wave is None or dominant.t is None:
        return False
    # Before that lies the T wave of the beat before, which may look like P.
    earliest = dominant.t.offset - dominant.before_s * RATE_HZ
    moved, peak = smooth(dominant.average[independent], p_wave.SIGMA_MS), dominant.p_wave.peak
    hump = p_wave.detrended(moved[:, peak - _HALF_HUMP : peak + _HALF_HUMP])
    size = float(np.square(hump).sum())
    for cycle in _CYCLES:
        first = peak - cycle - _HALF_HUMP
        if first < max(0, earliest) or size == 0:
            break
        other = p_wave.detrended(moved[:, first : first + 2 * _HALF_HUMP])
        energy = float(np.square(other).sum())
        alike = float((hump * other).sum()) > _SAME_FORM * np.sqrt(size * energy)
        if alike and _SAME_SIZE[0] < np.sqrt(energy / size) < _SAME_SIZE[1]:
            return True
    return False
