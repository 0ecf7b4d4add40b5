"""Boundaries of every lead for itself, from its own velocity near the global ones."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.signal_analysis.engine import p_wave, qrs
from services.signal_analysis.engine.analysis import Analysis, Mark
from services.signal_analysis.engine.combination import Fitted, fitted
from services.signal_analysis.engine.families import BEFORE
from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.engine.velocity import Places, cut, first_below, last_below, smooth, speed

QRS_SIGMA_MS: Final = 7.0
QRS_LEVELS: Final = (0.05, 0.08, 0.12, 0.2)
SIGMAS_MS: Final = {"p": p_wave.SIGMA_MS, "t": 16.0}
LEVELS: Final = (0.5, 0.3, 0.15)
LEAST_MV: Final = {"p": 0.004, "t": 0.006}
"""A lead on which a wave is lower than what devices resolve shows none."""
_REACH: Final = {"p": of_ms(50), "t": of_ms(90)}
"""How far a lead's boundary may lie from the global one."""
_QRS_REACH: Final = 25.0


@dataclass(frozen=True, slots=True)
class Edges:
    """Features (..., leads, features) in samples from the global onset, offset and peak."""

    onset: Samples
    offset: Samples
    peak: Samples
    """(..., leads) samples from the R peak, or within the average beat."""
    height_mv: Samples
    """(..., leads)"""


@dataclass(frozen=True, slots=True)
class PerLead:
    """Onset, peak and offset (beats, leads, 3) of every wave in samples at 500 Hz; NaN where a lead shows none."""

    leads: tuple[str, ...]
    p: Samples
    qrs: Samples
    t: Samples


def qrs_edges(analysis: Analysis) -> Edges:
    """Return the features of every QRS on every lead, (beats, leads, features)."""
    signal, peaks = analysis.beats.trace.signal, analysis.beats.peaks
    velocity = cut(speed(smooth(signal, QRS_SIGMA_MS)), peaks, qrs.BEFORE, qrs.AFTER)
    core = qrs.core_of(velocity, 70)
    found = [qrs.edges(velocity, core, np.maximum(level * core.largest, 2 * core.rest)) for level in QRS_LEVELS]
    marks = np.array([(mark.onset - mark.peak, mark.offset - mark.peak) for mark in analysis.qrs])
    onset, offset = (
        np.clip(np.stack(side, axis=-1) - marks[:, place, None, None], -_QRS_REACH, _QRS_REACH)
        for place, side in enumerate(zip(*found, strict=True))
    )
    beats = cut(signal, peaks, qrs.BEFORE, qrs.AFTER)
    inside = np.arange(-qrs.BEFORE, qrs.AFTER)
    within = (inside >= marks[:, :1]) & (inside <= marks[:, 1:])
    first = np.clip(np.round(marks[:, 0]).astype(np.int64) + qrs.BEFORE, 0, beats.shape[-1] - 1)
    level = np.take_along_axis(beats, first[:, None, None], axis=-1)
    away = np.where(within[:, None], np.abs(beats - level), -1.0)
    peak = np.argmax(away, axis=-1)
    return Edges(onset, offset, peak - float(qrs.BEFORE), away.max(axis=-1))


def hump_edges(kind: str, beat: Samples, mark: Mark) -> Edges:
    """Return the features of P or T on every lead of an average beat, (leads, features)."""
    moved = smooth(beat, SIGMAS_MS[kind])
    velocity, reach = speed(moved), _REACH[kind]
    onset, offset = round(mark.onset), round(mark.offset)
    first, last = max(0, onset - reach), min(beat.shape[1] - 1, offset + reach)
    left, right = max(0, onset), max(onset + 3, min(offset, beat.shape[1] - 1))
    hump = np.abs(p_wave.detrended(moved[:, left : right + 1]))
    peak = left + np.argmax(hump, axis=1)
    rise, fall = _fastest(velocity, np.full(len(beat), first), peak), _fastest(velocity, peak, np.full(len(beat), last))
    rows = np.arange(len(beat))
    onsets, offsets = [peak - onset, rise - onset], [peak - offset, fall - offset]
    for level in LEVELS:
        onsets.append(np.maximum(last_below(velocity, rise, level * velocity[rows, rise]), first) - onset)
        offsets.append(np.minimum(first_below(velocity, fall, level * velocity[rows, fall]), last) - offset)
    sides = (np.clip(np.stack(side, axis=-1).astype(np.float64), -reach, None) for side in (onsets, offsets))
    early, late = sides
    return Edges(early, np.minimum(late, reach), peak.astype(np.float64), hump.max(axis=1))


def _fastest(velocity: Samples, first: Places, last: Places) -> Places:
    """Return per lead where it is fastest from `first` to `last`."""
    places = np.arange(velocity.shape[1])
    within = (places >= first[:, None]) & (places <= np.maximum(first, last)[:, None])
    return np.asarray(np.argmax(np.where(within, velocity, -1.0), axis=1))


def lead_marks(analysis: Analysis, combinations: Fitted | None = None) -> PerLead:
    """Return the boundaries of every lead of the trace."""
    fit = fitted() if combinations is None else combinations
    edges, peaks = qrs_edges(analysis), analysis.beats.peaks[:, None]
    marks = np.array([(mark.onset, mark.offset) for mark in analysis.qrs])
    onset = marks[:, :1] + fit["lead_qrs_onset"](edges.onset)
    offset = marks[:, 1:] + fit["lead_qrs_offset"](edges.offset)
    waves = np.stack([onset, np.clip(peaks + edges.peak, onset, offset), offset], axis=-1)
    p, t = (_humps(kind, analysis, fit) for kind in ("p", "t"))
    return PerLead(analysis.beats.trace.leads, p, waves, t)


def _humps(kind: str, analysis: Analysis, fit: Fitted) -> Samples:
    """Return the marks of P or T per beat, each family's once."""
    beats = analysis.beats
    marks = np.full((len(beats.peaks), len(beats.trace.leads), 3), np.nan)
    shown = np.array([mark is not None for mark in (analysis.p if kind == "p" else analysis.t)])
    for family in analysis.families:
        mark = family.p if kind == "p" else family.t
        if mark is None:
            continue
        edges = hump_edges(kind, family.average, mark)
        onset = mark.onset + fit[f"lead_{kind}_onset"](edges.onset)
        offset = mark.offset + fit[f"lead_{kind}_offset"](edges.offset)
        one = np.stack([np.minimum(onset, edges.peak), edges.peak, np.maximum(offset, edges.peak)], axis=-1)
        one[edges.height_mv < LEAST_MV[kind]] = np.nan
        members = family.members[shown[family.members]]
        marks[members] = one + (beats.peaks[members] - BEFORE)[:, None, None]
    return marks
