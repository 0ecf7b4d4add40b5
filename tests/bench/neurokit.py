"""The floor of delineation: NeuroKit2's `dwt` on every lead of LUDB 1 to 100, and what all leads together say."""

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import neurokit2
import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS, Signal
from tests.bench import ludb
from tests.bench.ludb_truth import KINDS, Truth, together
from tests.bench.scores import Place

_COLUMNS: Final = {
    "P": ("ECG_P_Onsets", "ECG_P_Peaks", "ECG_P_Offsets"),
    "QRS": ("ECG_R_Onsets", "", "ECG_R_Offsets"),
    "T": ("ECG_T_Onsets", "ECG_T_Peaks", "ECG_T_Offsets"),
}
NOTHING: Final[dict[str, tuple[Truth, ...]]] = dict.fromkeys(KINDS, ())


def delineated(signal: Signal) -> dict[str, dict[str, tuple[Truth, ...]]]:
    """Return the waves that it finds by lead and kind; none for a lead on which it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {lead: _lead(row.astype(np.float64)) for lead, row in zip(STANDARD_LEADS, signal, strict=True)}


@cache
def of_leads(number: int) -> Mapping[str, Mapping[str, tuple[Truth, ...]]]:
    """Return the waves of a record by lead and kind."""
    return delineated(ludb.signals()[number - 1])


def places(waves: tuple[Truth, ...]) -> list[Place]:
    """Return waves as places to be scored."""
    return [(_known(wave.onset), wave.peak, _known(wave.offset)) for wave in waves]


def of_record(number: int) -> dict[str, tuple[Truth, ...]]:
    """Return its global waves by the rule of the reference."""
    return {kind: together({lead: waves[kind] for lead, waves in of_leads(number).items()}) for kind in KINDS}


def _known(place: int) -> int | None:
    return place if place >= 0 else None


def _lead(lead: NDArray[np.float64]) -> dict[str, tuple[Truth, ...]]:
    rate_hz = round(ludb.RATE_HZ)
    try:
        cleaned = neurokit2.ecg_clean(lead, sampling_rate=rate_hz)
        _, peaks = neurokit2.ecg_peaks(cleaned, sampling_rate=rate_hz)
        beats = peaks["ECG_R_Peaks"]
        _, found = neurokit2.ecg_delineate(cleaned, beats, sampling_rate=rate_hz, method="dwt")
    except (IndexError, ValueError, ZeroDivisionError):
        return NOTHING
    return {kind: _waves(found, beats, columns) for kind, columns in _COLUMNS.items()}


def _waves(found: dict[str, Any], beats: NDArray[np.int64], columns: tuple[str, str, str]) -> tuple[Truth, ...]:
    sides = [np.asarray(found[name] if name else beats, np.float64) for name in columns]
    rows = np.where(np.isfinite(sides), sides, -1).astype(int).T.tolist()
    return tuple(Truth(*row) for row in rows if row[1] >= 0)
