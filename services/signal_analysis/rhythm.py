"""Where the heart beats: R peaks on which the leads agree, and the rate that follows from them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark, Signal
from services.signal_analysis.beat_centre import centre
from services.signal_analysis.quiet import quiet
from services.signal_analysis.window import Window

MIN_RATE_HZ: Final = 80.0
MIN_DURATION_S: Final = 2.0
MIN_HEART_RATE_BEATS: Final = 3
FLAT_MV: Final = 0.01
"""A lead that moves less than this carries no signal."""
VOTE_SHARE: Final = 0.42
"""A beat is one where at least this share of the leads shows an R peak: 6 of 12, 4 of 8, 1 of 2."""
SURE_SHARE: Final = 0.7
VOTE_MS: Final = 75.0
"""R peaks of two leads this close belong to one beat: the QRS of a wide beat peaks at different times per lead."""
REFRACTORY_MS: Final = 200.0

_Peaks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The beats of a window."""

    r_peaks: tuple[int, ...] = ()
    usable: tuple[int, ...] = ()
    """Rows of the leads that carry a signal throughout."""
    heart_rate_bpm: float | None = None
    """60 s over the median RR interval."""
    reason: str = ""
    """Why there is no heart rate."""
    remarks: tuple[Remark, ...] = ()


def find(window: Window) -> Rhythm:
    """Find the R peaks of a window: per lead by NeuroKit2, then where the leads agree.

    Of the first 100 records of LUDB this misses fewer beats than any single lead does.
    """
    usable, remarks = _usable_leads(window)
    if reason := _unfit(window, usable):
        return Rhythm(usable=usable, reason=reason, remarks=(*remarks, Remark("no_beats", reason)))
    signal = window.signal[list(usable)]
    peaks, shares = _agree(*_peaks_per_lead(signal, window.rate_hz), window)
    if len(peaks) and shares.mean() < SURE_SHARE:
        text = "Few leads agree on where the beats are: R peaks and what follows from them are uncertain."
        remarks = (*remarks, Remark("uncertain_r_peaks", text))
    if len(peaks) < MIN_HEART_RATE_BEATS:
        count = ("no beat was", "only 1 beat was", "only 2 beats were")[len(peaks)]
        reason = f"A heart rate needs {MIN_HEART_RATE_BEATS} beats, and {count} found in {window.duration_s:g} s."
        return Rhythm(tuple(peaks.tolist()), usable, None, reason, (*remarks, Remark("few_beats", reason)))
    peaks = centre(signal, peaks, window.rate_hz)
    rate = 60 * window.rate_hz / float(np.median(np.diff(peaks)))
    return Rhythm(tuple(peaks.tolist()), usable, rate, "", remarks)


def _unfit(window: Window, usable: tuple[int, ...]) -> str:
    if window.rate_hz < MIN_RATE_HZ:
        return f"Beats cannot be told at {window.rate_hz:g} Hz: {MIN_RATE_HZ:g} Hz or more are needed."
    if window.duration_s < MIN_DURATION_S:
        return f"Beats cannot be told in {window.duration_s:g} s: {MIN_DURATION_S:g} s or more are needed."
    return "" if usable else "No lead carries a signal throughout the window."


def _usable_leads(window: Window) -> tuple[tuple[int, ...], tuple[Remark, ...]]:
    """Return the rows that carry a signal throughout, and what is to be said of the others."""
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
    return tuple(np.flatnonzero(whole & ~flat).tolist()), tuple(remarks)


def _peaks_per_lead(signal: Signal, rate_hz: float) -> tuple[_Peaks, _Peaks]:
    """Return all R peaks of all leads in order of time, and the lead of each."""
    found = [_peaks_of(lead.astype(np.float64), round(rate_hz)) for lead in signal]
    peaks = np.concatenate(found)
    leads = np.repeat(np.arange(len(found)), [len(lead) for lead in found])
    order = np.argsort(peaks, kind="stable")
    return peaks[order], leads[order]


def _peaks_of(lead: NDArray[np.float64], rate_hz: int) -> _Peaks:
    import neurokit2  # noqa: PLC0415 its import takes seconds and must not delay start-up

    try:
        with quiet():
            cleaned = neurokit2.ecg_clean(lead, sampling_rate=rate_hz)
            _, found = neurokit2.ecg_peaks(cleaned, sampling_rate=rate_hz, mindelay=REFRACTORY_MS / 1000)
    except (IndexError, ValueError, ZeroDivisionError):
        # NeuroKit2 fails so where a lead has no peak at all: this lead has no vote.
        return np.empty(0, np.int64)
    return np.asarray(found["ECG_R_Peaks"], np.int64)


def _agree(peaks: _Peaks, leads: _Peaks, window: Window) -> tuple[_Peaks, NDArray[np.float64]]:
    """Return the beats on which enough leads agree, and the share of leads that show each; most votes first."""
    needed = VOTE_SHARE * len(set(leads.tolist()))
    near = [np.abs(peaks - peak) <= window.milliseconds(VOTE_MS) for peak in peaks]
    votes = np.array([len(set(leads[group].tolist())) for group in near], np.int64)
    free = np.ones(len(peaks), bool)
    beats: dict[int, int] = {}
    for candidate in np.argsort(-votes, kind="stable"):
        group = near[candidate] & free
        count = len(set(leads[group].tolist()))
        if not free[candidate] or count < needed:
            continue
        beat = int(np.median(peaks[group]))
        beats[beat] = count
        free &= np.abs(peaks - beat) > window.milliseconds(REFRACTORY_MS)
    order = sorted(beats)
    shares = np.array([beats[beat] for beat in order], np.float64) / max(1, len(set(leads.tolist())))
    return np.array(order, np.int64), shares
