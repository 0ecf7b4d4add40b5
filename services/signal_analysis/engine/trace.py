"""What the engine looks at: the leads of a window that carry a signal, at 500 Hz and without pacing spikes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark
from services.signal_analysis.engine.sampling import LEAST_RATE_HZ, Samples, resampled
from services.signal_analysis.engine.spikes import despiked, find_spikes
from services.signal_analysis.engine.velocity import Places
from services.signal_analysis.window import Window

LEAST_DURATION_S: Final = 2.0
FLAT_MV: Final = 0.01
"""A lead that moves less than this carries no signal."""
LIMB_LEADS: Final = ("I", "II", "III", "aVR", "aVL", "aVF")
DETERMINING: Final = 2
"""So many limb leads determine the others."""


@dataclass(frozen=True, slots=True)
class Leads:
    """Which rows of a window carry a signal throughout, and what is to be said of the others."""

    usable: tuple[int, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A window as the engine sees it."""

    signal: Samples
    """(leads, samples) in mV at 500 Hz, without pacing spikes."""
    leads: tuple[str, ...]
    """The usable leads of the window, then the limb leads that follow from them."""
    independent: Places
    """Rows that do not follow from others."""
    spikes: Places


def sort_leads(window: Window) -> Leads:
    """Tell the leads with a signal from those not recorded, with gaps, or flat."""
    known = np.isfinite(window.signal)
    absent, whole = ~known.any(axis=1), known.all(axis=1)
    flat = whole & (np.ptp(window.signal, axis=1) < FLAT_MV)
    reasons = (
        ("leads_not_recorded", absent, "were not recorded"),
        ("leads_with_gaps", ~absent & ~whole, "have gaps"),
        ("flat_leads", flat, "are flat"),
    )
    remarks = [
        Remark(code, f"Not analysed, because they {what}: {', '.join(np.array(window.leads)[rows])}.")
        for code, rows, what in reasons
        if rows.any()
    ]
    return Leads(tuple(np.flatnonzero(whole & ~flat).tolist()), tuple(remarks))


def unfit(window: Window, leads: Leads) -> str:
    """Say why a window cannot be analysed; empty where it can."""
    if window.rate_hz < LEAST_RATE_HZ:
        return f"Beats cannot be told at {window.rate_hz:g} Hz: {LEAST_RATE_HZ:g} Hz or more are needed."
    if window.duration_s < LEAST_DURATION_S:
        return f"Beats cannot be told in {window.duration_s:g} s: {LEAST_DURATION_S:g} s or more are needed."
    return "" if leads.usable else "No lead carries a signal throughout the window."


def trace_of(window: Window, leads: Leads) -> Trace:
    """Return the usable leads of a fit window for analysis."""
    names = tuple(window.leads[row] for row in leads.usable)
    raw = resampled(window.signal[list(leads.usable)].astype(np.float64), window.rate_hz)
    spikes = find_spikes(raw)
    raw, names = _with_limb_leads(despiked(raw, spikes), names)
    return Trace(raw, names, _independent(names), spikes)


def _with_limb_leads(signal: Samples, names: tuple[str, ...]) -> tuple[Samples, tuple[str, ...]]:
    """Add the limb leads that follow from two of I, II and III: the order statistics were fitted on twelve leads."""
    rows = {name: signal[row] for row, name in enumerate(names)}
    if len({"I", "II", "III"} & set(rows)) < DETERMINING:
        return signal, names
    one = rows["I"] if "I" in rows else rows["II"] - rows["III"]
    two = rows["II"] if "II" in rows else rows["I"] + rows["III"]
    derived = (one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2)
    missing = [(name, lead) for name, lead in zip(LIMB_LEADS, derived, strict=True) if name not in rows]
    if not missing:
        return signal, names
    return np.vstack([signal, *(lead for _, lead in missing)]), (*names, *(name for name, _ in missing))


def _independent(names: tuple[str, ...]) -> NDArray[np.int64]:
    limbs = [names.index(name) for name in LIMB_LEADS if name in names][:DETERMINING]
    return np.array(sorted(limbs + [row for row, name in enumerate(names) if name not in LIMB_LEADS]), np.int64)
