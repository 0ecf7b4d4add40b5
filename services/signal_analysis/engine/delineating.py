"""From beats to the waves of every beat: QRS of its own, T and P of the average of those that look alike."""

from dataclasses import replace
from typing import Final

import numpy as np

from services.signal_analysis.engine import p_wave, qrs, t_wave
from services.signal_analysis.engine.analysis import Analysis, Beats, Family, Found, Mark
from services.signal_analysis.engine.baseline import levelled
from services.signal_analysis.engine.combination import Fitted, fitted
from services.signal_analysis.engine.families import BEFORE, Kind, average, spike_lags
from services.signal_analysis.engine.presence import absent_p, absent_t, beats_with_p
from services.signal_analysis.engine.sampling import RATE_HZ, Samples, of_ms
from services.signal_analysis.engine.velocity import Places

LEAST_ALIKE: Final = 2
USUAL_RR_S: Final = 1.0
"""Assumed where one beat alone was found."""
_STEADYING: Final = 0.4
_AFTER_SPIKE: Final = of_ms(6)
_T_END: Final = of_ms(300)
"""After the R peak: where P may begin if no T was found."""


def too_little(beats: Beats) -> str:
    """Say why waves cannot be told; empty where they can."""
    if int(np.bincount(beats.families).max()) >= LEAST_ALIKE:
        return ""
    return f"Waves need {LEAST_ALIKE} beats that look alike or more; none were looked for."


def delineated(found: Found) -> Analysis | None:
    """Find the waves of every beat of a window; None where waves cannot be told."""
    return None if found.beats is None or too_little(found.beats) else delineate(found.beats)


def delineate(beats: Beats, combinations: Fitted | None = None) -> Analysis:
    """Find the waves of every beat; `combinations` are those of boundaries.json unless given."""
    fit = fitted() if combinations is None else combinations
    trace, peaks = beats.trace, beats.peaks
    features = qrs.features(trace.signal, trace.independent, peaks)
    onsets = _after_spikes(beats, _steadied(fit["qrs_onset"](features.onset), beats.families))
    marks = np.stack([onsets, _steadied(fit["qrs_offset"](features.offset), beats.families)], axis=1)
    beats = replace(beats, trace=levelled(trace, peaks + onsets))
    trace = beats.trace
    families = tuple(_family(beats, number, marks, fit) for number in range(int(beats.families.max()) + 1))
    likeness = p_wave.coherence(trace.signal[trace.independent], np.round(peaks + onsets).astype(np.int64))
    coherent = float(np.median(likeness[np.isfinite(likeness)])) if np.isfinite(likeness).any() else float("nan")
    dominant = max(families, key=lambda family: len(family.members))
    p_reason, t_reason = absent_p(dominant, coherent, trace.independent), absent_t(dominant.t_wave)
    shows_p = beats_with_p(likeness, beats) & (p_reason == "")
    own = [families[number] for number in beats.families]
    return Analysis(
        beats=beats,
        qrs=tuple(Mark(at + on, at, at + off) for at, (on, off) in zip(peaks, marks, strict=True)),
        t=tuple(_placed(family.t, at, trace.signal.shape[1]) for family, at in zip(own, peaks, strict=True)),
        p=tuple(
            _placed(family.p, at, trace.signal.shape[1]) if shown else None
            for family, at, shown in zip(own, peaks, shows_p, strict=True)
        ),
        families=families,
        coherence=coherent,
        p_reason=p_reason,
        t_reason=t_reason,
    )


def _steadied(places: Samples, families: Places) -> Samples:
    """Draw each beat's place towards the median of those that look alike, because noise moves each for itself."""
    drawn = places.copy()
    for number in np.unique(families):
        members = families == number
        drawn[members] += _STEADYING * (np.median(places[members]) - places[members])
    return drawn


def _after_spikes(beats: Beats, onsets: Samples) -> Samples:
    """Let the QRS of a paced beat begin right after its spike; where that was missed, where its family's does."""
    lags = spike_lags(beats.peaks, beats.trace.spikes)
    moved = onsets.copy()
    for number in {family for family, kind in zip(beats.families, beats.kinds, strict=True) if kind is Kind.PACED}:
        members = beats.families == number
        usual = np.nanmedian(lags[members])
        moved[members] = np.where(np.isfinite(lags[members]), lags[members], usual) + _AFTER_SPIKE
    return moved


def _family(beats: Beats, number: int, marks: Samples, fit: Fitted) -> Family:
    members = np.flatnonzero(beats.families == number)
    independent, rr_s = beats.trace.independent, beats.intervals_s
    after_s, before_s = _median_rr(rr_s, members, after=True), _median_rr(rr_s, members, after=False)
    mean = average(beats.trace, beats.peaks[members])
    onset, offset = (BEFORE + float(np.median(side)) for side in marks[members].T)
    t_found = t_wave.find(mean, independent, qrs_offset=int(offset), rr_s=after_s)
    t_mark = None if t_found is None or absent_t(t_found) else _t_mark(t_found, fit)
    t_end = BEFORE + _T_END if t_mark is None else t_mark.offset
    earliest = int(t_end - before_s * RATE_HZ)
    p_found = p_wave.find(mean, independent, earliest=earliest, qrs_onset=int(onset))
    p_mark = None if p_found is None else _p_mark(p_found, fit)
    return Family(
        kind=beats.kinds[members[0]],
        members=members,
        average=mean,
        after_s=after_s,
        before_s=before_s,
        qrs=Mark(onset, BEFORE, offset),
        t_wave=t_found,
        p_wave=p_found,
        t=t_mark,
        p=p_mark,
    )


def _t_mark(wave: t_wave.TWave, fit: Fitted) -> Mark:
    onset, peak, offset = fit["t_onset"](wave.onset), fit["t_peak"](wave.peak), fit["t_offset"](wave.offset)
    return _mark(wave.fall + float(onset), wave.fall + float(peak), wave.fall + float(offset))


def _p_mark(wave: p_wave.PWave, fit: Fitted) -> Mark:
    onset, offset = fit["p_onset"](wave.onset), fit["p_offset"](wave.offset)
    return _mark(wave.peak + float(onset), wave.peak, wave.peak + float(offset))


def _mark(onset: float, peak: float, offset: float) -> Mark:
    """Return a mark whose points are in order, whatever each combination says for itself."""
    return Mark(min(onset, peak - 1), peak, max(offset, peak + 1))


def _median_rr(intervals_s: Samples, members: Places, *, after: bool) -> float:
    if not len(intervals_s):
        return USUAL_RR_S
    places = members if after else members - 1
    return float(np.median(intervals_s[np.clip(places, 0, len(intervals_s) - 1)]))


def _placed(mark: Mark | None, at: int, samples: int) -> Mark | None:
    """Return a wave of the average at the place of a beat; None where an end of the window cuts it off."""
    if mark is None:
        return None
    moved = mark.moved(float(at - BEFORE))
    return moved if moved.onset >= 0 and moved.offset <= samples - 1 else None
