"""P, QRS and T of every beat on the samples of a window: of all leads together, then of every lead for itself."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.shared.ecg import Remark
from services.signal_analysis.engine.analysis import Analysis, Found, Mark
from services.signal_analysis.engine.delineating import delineate as analyse
from services.signal_analysis.engine.delineating import too_little
from services.signal_analysis.engine.per_lead import PerLead, lead_marks
from services.signal_analysis.engine.sampling import Samples
from services.signal_analysis.rhythm import native
from services.signal_analysis.view import Wave
from services.signal_analysis.window import Window

ALL_LEADS: Final = ""


@dataclass(frozen=True, slots=True)
class Delineation:
    """The waves found, in order of time, and what is to be said of them."""

    waves: tuple[Wave, ...] = ()
    remarks: tuple[Remark, ...] = ()


def delineate(window: Window, found: Found) -> Delineation:
    """Find the waves of every beat; what is not there is absent and said so."""
    lacking = "" if found.beats is None else too_little(found.beats)
    if found.beats is None or lacking:
        return Delineation(remarks=(Remark("no_waves", lacking),) if lacking else ())
    analysis = analyse(found.beats)
    remarks = [
        Remark(code, f"No {kind} waves are shown. {reason}")
        for code, kind, reason in (("no_p_waves", "P", analysis.p_reason), ("no_t_waves", "T", analysis.t_reason))
        if reason
    ]
    waves = _global(window, analysis) + _of_leads(window, lead_marks(analysis), found)
    return Delineation(tuple(waves), tuple(remarks))


def _global(window: Window, analysis: Analysis) -> list[Wave]:
    beats = zip(analysis.p, analysis.qrs, analysis.t, strict=True)
    return [
        _wave(window, kind, ALL_LEADS, np.array([mark.onset, mark.peak, mark.offset]))
        for beat in beats
        for kind, mark in zip(("P", "QRS", "T"), beat, strict=True)
        if isinstance(mark, Mark)
    ]


def _of_leads(window: Window, marks: PerLead, found: Found) -> list[Wave]:
    names = [window.leads[row] for row in found.usable]
    tables = (("P", marks.p), ("QRS", marks.qrs), ("T", marks.t))
    return [
        _wave(window, kind, name, table[beat, marks.leads.index(name)])
        for name in names
        for beat in range(len(marks.qrs))
        for kind, table in tables
        if np.isfinite(table[beat, marks.leads.index(name)]).all()
    ]


def _wave(window: Window, kind: str, lead: str, places: Samples) -> Wave:
    onset, peak, offset = native(places, window).astype(np.int64).tolist()
    return Wave(kind, lead, onset, peak, offset)
