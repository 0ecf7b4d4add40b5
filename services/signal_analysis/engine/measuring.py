"""All measurements of a window, in a fixed order: a value each, or the reason why there is none."""

from typing import Final

from services.signal_analysis.engine.analysis import Analysis, Found
from services.signal_analysis.engine.delineating import delineated, too_little
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.engine.intervals import Intervals, intervals_of, measured_intervals
from services.signal_analysis.engine.rhythmics import counted, rhythmic, too_few, variability
from services.signal_analysis.engine.voltages import ST_MS, Voltages, axes, indices, of_lead, standing
from services.signal_analysis.measurements import Measurement, measured
from services.signal_analysis.window import Window

LEAST_LEADS: Final = 2
"""Independent ones that an interval over all leads is told from."""
NO_SUCH_WAVE: Final = "This lead shows no such deflection."
NO_SIGNAL: Final = "This lead carries no signal throughout the window."
_WAVES: Final = ("p", "q", "r", "s", "t")


def measure(window: Window) -> tuple[Measurement, ...]:
    """Measure a window."""
    found = find_beats(window)
    return measure_waves(window, found, delineated(found))


def measure_waves(window: Window, found: Found, waves: Analysis | None) -> tuple[Measurement, ...]:
    """Measure a window whose beats and waves were found before."""
    few = found.reason or too_few(found.beats, window.duration_s)
    analysis = None if few else waves
    lacking = few or ("" if found.beats is None else too_little(found.beats))
    narrow = lacking or _too_narrow(found)
    at = None if analysis is None or narrow else intervals_of(analysis)
    leads = {} if analysis is None or at is None else _voltages(window, found, analysis, at)
    return (
        *rhythmic(found.beats, few),
        *measured_intervals(analysis, at, narrow),
        *_axes(analysis, at, narrow),
        *indices(leads, None if at is None else at.qrs_ms, narrow),
        *variability(analysis, lacking),
        *counted(found.beats),
        *(one for lead in window.leads for one in _of_lead(lead, leads.get(lead), analysis, narrow or NO_SIGNAL)),
    )


def _too_narrow(found: Found) -> str:
    if found.beats is None or len(found.beats.trace.independent) >= LEAST_LEADS:
        return ""
    return f"Intervals and amplitudes need {LEAST_LEADS} independent leads or more that carry a signal."


def _voltages(window: Window, found: Found, analysis: Analysis, at: Intervals) -> dict[str, Voltages]:
    beat, rows = standing(analysis, at), analysis.beats.trace.leads
    names = [window.leads[row] for row in found.usable]
    return {name: of_lead(analysis, at, beat, rows.index(name)) for name in names}


def _axes(analysis: Analysis | None, at: Intervals | None, reason: str) -> list[Measurement]:
    lacking = reason or "An axis needs leads I and aVF, or two limb leads that they follow from."
    if analysis is None or at is None:
        return [measured(name, None, "deg", lacking) for name in ("p_axis", "qrs_axis", "t_axis")]
    found = axes(analysis, at, standing(analysis, at))
    return [
        measured("p_axis", found.p, "deg", analysis.p_reason or lacking),
        measured("qrs_axis", found.qrs, "deg", lacking),
        measured("t_axis", found.t, "deg", analysis.t_reason or lacking),
    ]


def _of_lead(lead: str, found: Voltages | None, analysis: Analysis | None, reason: str) -> list[Measurement]:
    places = [f"st_j{after_ms}" if after_ms else "st_j" for after_ms in ST_MS]
    if found is None or analysis is None:
        names = [f"{wave}_amplitude" for wave in _WAVES] + places
        return [measured(name, None, "mV", reason, lead) for name in names]
    absent = {"p": analysis.p_reason, "t": analysis.t_reason}
    waves = zip(_WAVES, (found.p, found.q, found.r, found.s, found.t), strict=True)
    return [
        *(measured(f"{wave}_amplitude", value, "mV", absent.get(wave) or NO_SUCH_WAVE, lead) for wave, value in waves),
        *(
            measured(place, level, "mV", "The beat is too short.", lead)
            for place, level in zip(places, found.st, strict=True)
        ),
    ]
