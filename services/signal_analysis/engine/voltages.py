"""Amplitudes, ST levels and axes of the dominant average beat."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.signal_analysis.engine import p_wave
from services.signal_analysis.engine.analysis import Analysis, Mark
from services.signal_analysis.engine.intervals import Intervals
from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.measurements import Measurement, measured

LEAST_QRS_MV: Final = 0.02
"""A deflection of QRS below this is no Q, R or S wave (CSE working party, 1985)."""
ST_MS: Final = (0, 40, 60, 80)
_LEVEL: Final = (of_ms(28), of_ms(12))
"""From where to where before the QRS onset the zero of amplitudes and ST lies: just before it Q may begin already."""
_AVF_SCALE: Final = 2 / np.sqrt(3)
"""I and aVF stand at right angles, but aVF, being augmented, is drawn smaller by this (Einthoven's triangle)."""
_UPPER: Final = 0.5
_WIDER: Final = of_ms(20)

Amplitude = float | None


@dataclass(frozen=True, slots=True)
class Voltages:
    """Amplitudes in mV of one lead of the dominant beat; None where the lead shows no such wave."""

    p: Amplitude
    q: Amplitude
    r: Amplitude
    s: Amplitude
    t: Amplitude
    st: tuple[Amplitude, ...]
    """At J, J+40, J+60, J+80."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Frontal axes in degrees; None where they cannot be told."""

    p: Amplitude
    qrs: Amplitude
    t: Amplitude


def standing(analysis: Analysis, at: Intervals) -> Samples:
    """Return the dominant average beat (leads, samples), zero just before its QRS."""
    beat = analysis.dominant.average
    onset = max(_LEVEL[0], round(at.qrs_onset))
    return np.asarray(beat - beat[:, onset - _LEVEL[0] : onset - _LEVEL[1]].mean(axis=1, keepdims=True))


def of_lead(analysis: Analysis, at: Intervals, beat: Samples, row: int) -> Voltages:
    """Return the amplitudes of one row of a standing beat."""
    family = analysis.dominant
    p = family.p if not analysis.p_reason else None
    q, r, s = qrs_waves(beat[row, round(at.qrs_onset) : round(at.qrs_offset) + 1])
    return Voltages(
        p=None if p is None else _largest(p_wave.detrended(_part(beat[[row]], p))[0]),
        q=q,
        r=r,
        s=s,
        t=None if family.t is None else _largest(_part(beat[[row]], family.t)[0]),
        st=tuple(_st(beat[row], at, after_ms) for after_ms in ST_MS),
    )


def axes(analysis: Analysis, at: Intervals, beat: Samples) -> Axes:
    """Return the frontal axes from I and aVF; QRS by net amplitude, P and T by the area of their upper half.

    Of several ways these agree best with seven electrocardiographs' own values (docs/measurements.md).
    """
    leads = analysis.beats.trace.leads
    if "I" not in leads or "aVF" not in leads:
        return Axes(None, None, None)
    frontal = beat[[leads.index("I"), leads.index("aVF")]]
    family, qrs = analysis.dominant, frontal[:, round(at.qrs_onset) : round(at.qrs_offset) + 1]
    p = family.p if not analysis.p_reason else None
    wide = None if p is None else Mark(max(0.0, p.onset - _WIDER), p.peak, p.offset + _WIDER)
    return Axes(
        p=None if wide is None else _angle(_upper(p_wave.detrended(_part(frontal, wide)))),
        qrs=_angle(qrs.max(axis=1) + qrs.min(axis=1)),
        t=None if family.t is None else _angle(_upper(_part(frontal, family.t))),
    )


def indices(leads: dict[str, Voltages], qrs_ms: float | None, reason: str) -> list[Measurement]:
    """Return the voltage indices of left ventricular hypertrophy (Sokolow and Lyon 1949; Casale 1985; Molloy 1992)."""
    sokolow = cornell = product = None
    if {"V1", "V5", "V6"} <= leads.keys():
        sokolow = max(leads["V5"].r or 0.0, leads["V6"].r or 0.0) + _depth(leads["V1"])
    if {"aVL", "V3"} <= leads.keys():
        cornell = (leads["aVL"].r or 0.0) + _depth(leads["V3"])
        product = None if qrs_ms is None else cornell * qrs_ms
    return [
        measured("sokolow_lyon", sokolow, "mV", reason or "It needs leads V1, V5 and V6."),
        measured("cornell_voltage", cornell, "mV", reason or "It needs leads aVL and V3."),
        measured("cornell_product", product, "mV.ms", reason or "It needs leads aVL and V3."),
    ]


def _depth(lead: Voltages) -> float:
    """Return how deep S is, or QS where there is no R."""
    return -(lead.s if lead.s is not None else (lead.q or 0.0) if lead.r is None else 0.0)


def _part(beat: Samples, mark: Mark) -> Samples:
    first = max(0, int(mark.onset))
    return beat[:, first : max(first + 4, int(mark.offset))]


def _largest(part: Samples) -> float:
    return float(part[np.argmax(np.abs(part))])


def qrs_waves(part: Samples) -> tuple[Amplitude, Amplitude, Amplitude]:
    """Return Q, R and S: R is the largest positive deflection; without one all that is negative is Q (a QS complex)."""
    top = int(np.argmax(part))
    if part[top] < LEAST_QRS_MV:
        lowest = float(part.min())
        return (lowest if lowest <= -LEAST_QRS_MV else None), None, None
    before, after = float(part[: top + 1].min()), float(part[top:].min())
    q = before if before <= -LEAST_QRS_MV else None
    return q, float(part[top]), after if after <= -LEAST_QRS_MV else None


def _st(lead: Samples, at: Intervals, after_ms: float) -> Amplitude:
    """Return the level (mean of 8 ms) so long after J; None where that is beyond the average beat."""
    place = round(at.qrs_offset) + of_ms(after_ms)
    part = lead[place - 2 : place + 3]
    return float(part.mean()) if len(part) else None


def _upper(wave: Samples) -> Samples:
    length = np.sqrt(np.square(wave).sum(axis=0))
    return np.asarray(wave[:, length > _UPPER * length.max()].sum(axis=1))


def _angle(vector: Samples) -> Amplitude:
    if not np.abs(vector).max() > 0:
        return None
    return float(np.degrees(np.arctan2(vector[1] * _AVF_SCALE, vector[0])))
