"""P, QRS and T of every beat on the native signal: NeuroKit2's peak-prominence delineator (Emrich 2024) on one lead.

On the first 100 records of LUDB, lead II, it finds more T waves and nearer boundaries than NeuroKit2's wavelets, at a
tenth of their time.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Remark
from services.shared.errors import Internal
from services.signal_analysis.quiet import quiet
from services.signal_analysis.rhythm import Rhythm
from services.signal_analysis.view import Wave
from services.signal_analysis.window import Window

PREFERRED_LEADS: Final = ("II", "I", "V5", "V4", "V6", "V2", "V3", "V1", "aVF", "III", "aVL", "aVR")
MIN_BEATS: Final = 2
P_SCATTER_MS: Final = 17.0
"""The delineator names a P wave before every QRS. Where their distance scatters more than this from beat to beat
(scaled median absolute deviation) they are no conducted P waves: in LUDB so in atrial fibrillation, rarely else.
"""

_COLUMNS: Final = {
    "P": ("ECG_P_Onsets", "ECG_P_Peaks", "ECG_P_Offsets"),
    "QRS": ("ECG_R_Onsets", None, "ECG_R_Offsets"),
    "T": ("ECG_T_Onsets", "ECG_T_Peaks", "ECG_T_Offsets"),
}
_Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Delineation:
    """The waves found, in order of time, and what is to be said of them."""

    waves: tuple[Wave, ...] = ()
    remarks: tuple[Remark, ...] = ()


def delineate(window: Window, rhythm: Rhythm) -> Delineation:
    """Find the waves of every beat on the preferred usable lead; what was not found is absent."""
    if len(rhythm.r_peaks) < MIN_BEATS:
        text = f"Waves need {MIN_BEATS} beats or more; none were looked for."
        return Delineation(remarks=(Remark("no_waves", text),))
    row = _preferred(window, rhythm)
    points = _points(window, row, rhythm)
    remarks = [Remark("delineated_lead", f"Waves were found on lead {window.leads[row]} alone.")]
    scatter_ms = _p_scatter(points["ECG_P_Peaks"], rhythm) / window.rate_hz * 1000
    if scatter_ms > P_SCATTER_MS:
        text = f"No P waves are shown: what precedes the QRS complexes varies by {scatter_ms:.0f} ms from beat to beat."
        remarks.append(Remark("no_p_waves", text))
        points |= {name: np.full_like(points[name], np.nan) for name in _COLUMNS["P"] if name}
    waves = [
        wave
        for beat, r_peak in enumerate(rhythm.r_peaks)
        for kind in _COLUMNS
        if (wave := _wave(kind, window.leads[row], points, (beat, r_peak))) is not None
    ]
    return Delineation(tuple(waves), tuple(remarks))


def _preferred(window: Window, rhythm: Rhythm) -> int:
    rows = {window.leads[row]: row for row in rhythm.usable}
    return next((rows[lead] for lead in PREFERRED_LEADS if lead in rows), rhythm.usable[0])


def _points(window: Window, row: int, rhythm: Rhythm) -> dict[str, _Points]:
    """Return every kind of point as (beats,) samples of the window, NaN where it was not found."""
    import neurokit2  # noqa: PLC0415 its import takes seconds and must not delay start-up

    rate_hz = round(window.rate_hz)
    with quiet():
        cleaned = neurokit2.ecg_clean(window.signal[row].astype(np.float64), sampling_rate=rate_hz)
        _, found = neurokit2.ecg_delineate(
            cleaned, np.array(rhythm.r_peaks), sampling_rate=rate_hz, method="prominence"
        )
    return {name: _per_beat(values, len(rhythm.r_peaks)) for name, values in found.items()}


def _per_beat(values: list[float], beats: int) -> _Points:
    """Put back the points of the first beat that NeuroKit2 drops from its list where they fall on sample 0."""
    if len(values) > beats:
        raise Internal(f"The delineator returned {len(values)} points for {beats} beats.")
    return np.array([np.nan] * (beats - len(values)) + list(values), np.float64)


def _p_scatter(peaks: _Points, rhythm: Rhythm) -> float:
    """Return how much the distance from P to R scatters, in samples."""
    distances = (np.array(rhythm.r_peaks) - peaks)[np.isfinite(peaks)]
    if len(distances) == 0:
        return 0.0
    return 1.4826 * float(np.median(np.abs(distances - np.median(distances))))


def _wave(kind: str, lead: str, points: dict[str, _Points], beat: tuple[int, int]) -> Wave | None:
    number, r_peak = beat
    onset, peak, offset = (r_peak if name is None else _sample(points[name][number]) for name in _COLUMNS[kind])
    return None if peak is None else Wave(kind, lead, onset, peak, offset)


def _sample(point: float) -> int | None:
    return int(point) if np.isfinite(point) else None
