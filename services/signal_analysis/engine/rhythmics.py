"""Heart rate, RR intervals, heart-rate variability and the numbers of beats."""

from typing import Final

import numpy as np

from services.signal_analysis.engine.analysis import Analysis, Beats
from services.signal_analysis.engine.families import Kind
from services.signal_analysis.engine.sampling import Samples
from services.signal_analysis.measurements import Measurement, measured

LEAST_BEATS: Final = 3
LEAST_NORMAL: Final = 5
"""RR intervals between normal beats that a variability is told from."""
TOLERANCE: Final = 0.2
"""Of the median: an RR interval farther from it belongs to a premature beat, a pause or a missed beat."""
_COUNTS: Final = ("no beat was", "only 1 beat was", "only 2 beats were")


def too_few(beats: Beats | None, duration_s: float) -> str:
    """Say why a heart rate cannot be told; empty where it can."""
    count = 0 if beats is None else len(beats.peaks)
    if count >= LEAST_BEATS:
        return ""
    return f"A heart rate needs {LEAST_BEATS} beats, and {_COUNTS[count]} found in {duration_s:g} s."


def heart_rate(beats: Beats) -> float:
    """Return 60 s over the mean RR interval, which is the ventricular rate in irregular rhythms, too."""
    return 60 / float(beats.intervals_s.mean())


def rhythmic(beats: Beats | None, reason: str) -> list[Measurement]:
    """Return heart rate and RR statistics, or why there are none."""
    names = ("rr_mean", "rr_min", "rr_max", "rr_sd")
    if beats is None or reason:
        absent = [measured("heart_rate", None, "/min", reason)]
        return absent + [measured(name, None, "ms", reason) for name in names]
    rr_ms = beats.intervals_s * 1000
    values = (rr_ms.mean(), rr_ms.min(), rr_ms.max(), rr_ms.std(ddof=1))
    return [
        measured("heart_rate", heart_rate(beats), "/min"),
        *(measured(name, value, "ms") for name, value in zip(names, values, strict=True)),
    ]


def counted(beats: Beats | None) -> list[Measurement]:
    """Return how many beats are of each kind."""
    kinds = () if beats is None else beats.kinds
    return [measured(f"beats_{kind.value}", float(kinds.count(kind)), "1") for kind in Kind]


def variability(analysis: Analysis | None, reason: str) -> list[Measurement]:
    """Return SDNN and RMSSD of normal beats in sinus rhythm, or why there are none."""
    if analysis is not None and not reason:
        reason = _no_sinus(analysis)
    successive = np.full((2, 0), np.nan)
    normal = np.empty(0)
    if analysis is not None and not reason:
        normal, successive = _normal_intervals(analysis.beats)
        if len(normal) < LEAST_NORMAL:
            reason = f"Variability needs {LEAST_NORMAL} RR intervals between normal beats, and there are {len(normal)}."
    if reason:
        return [measured(name, None, "ms", reason) for name in ("hrv_sdnn", "hrv_rmssd")]
    steps = successive[1] - successive[0]
    rmssd = float(np.sqrt(np.square(steps).mean())) if len(steps) else None
    lacking = "" if len(steps) else "No two RR intervals between normal beats follow each other."
    return [
        measured("hrv_sdnn", float(normal.std(ddof=1)), "ms"),
        measured("hrv_rmssd", rmssd, "ms", lacking),
    ]


def _no_sinus(analysis: Analysis) -> str:
    if Kind.PACED in analysis.beats.kinds:
        return "Variability is not told of a paced rhythm."
    return "" if not analysis.p_reason else f"Variability is told of sinus rhythm only. {analysis.p_reason}"


def _normal_intervals(beats: Beats) -> tuple[Samples, Samples]:
    """Return the RR intervals (ms) between normal beats, and pairs of those that follow each other (2, pairs)."""
    rr_ms = beats.intervals_s * 1000
    dominant = np.array([kind is Kind.DOMINANT for kind in beats.kinds])
    normal = dominant[:-1] & dominant[1:] & (np.abs(rr_ms / np.median(rr_ms) - 1) <= TOLERANCE)
    both = normal[:-1] & normal[1:]
    return rr_ms[normal], np.stack([rr_ms[:-1][both], rr_ms[1:][both]])
