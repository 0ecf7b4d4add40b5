"""The one question: how good is this ECG? Pure, bounded work, nothing is repaired."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Recording, Signal
from services.shared.quality import beats, grading, indices, pacing, reversal, windows
from services.shared.quality.pacing import Pacing
from services.shared.quality.result import Flag, LeadQuality, Quality

_FOURTH: Final = {"III": (-1.0, 1.0), "aVR": (-0.5, -0.5), "aVL": (1.0, -0.5), "aVF": (-0.5, 1.0)}
"""What I and II say of the other limb leads (Einthoven, Goldberger)."""
_NO_SIZE_MV: Final = 0.02
_INDICES: Final = 8
MISSING, RANGE, FLAT, SATURATED, MAINS, DRIFT, NOISE, SPIKES = range(_INDICES)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One stretch of a recording."""

    values: NDArray[np.float64]
    """(indices, leads); NaN where an index cannot be told."""
    pacing: Pacing
    suspicion: reversal.Suspicion | None
    residual: tuple[float, float] | None
    seconds: float


def assess_recording(recording: Recording) -> Quality:
    """Say how good a recording is."""
    return assess(recording.signal, recording.leads, recording.rate_hz)


def assess(signal: Signal, leads: tuple[str, ...], rate_hz: float) -> Quality:
    """Say how good a signal of shape (leads, samples) in millivolt is; NaN is what was not recorded."""
    judged = [
        _judge(windows.window(signal[:, part], rate_hz), leads) for part in windows.stretches(signal.shape, rate_hz)
    ]
    values = np.quantile(np.stack([one.values for one in judged]), 0.75, axis=0, method="higher")
    seconds = judged[0].seconds
    of_leads = tuple(_lead(name, column, seconds) for name, column in zip(leads, values.T.tolist(), strict=True))
    residual = max((one.residual for one in judged if one.residual is not None), default=None)
    suspected = _most([one.suspicion.kind if one.suspicion else "" for one in judged]) or None
    paced = Pacing(_most([one.pacing.value for one in judged]))
    found, reasons = grading.grade(of_leads, residual, suspected, paced)
    return Quality(
        grade=found,
        reasons=reasons,
        leads=of_leads,
        residual_mv=None if residual is None else round(residual[0], 4),
        suspected_reversal=suspected,
        pacing=paced,
        judged_s=round(sum(one.seconds for one in judged), 3),
    )


def _judge(part: windows.Window, leads: tuple[str, ...]) -> _Judged:
    signal, rate_hz = part.signal, part.rate_hz
    mains = indices.mains_mv(signal, rate_hz)
    sharp = indices.narrow(signal, rate_hz)
    noise = indices.noise_mv(sharp, rate_hz, mains)
    found = beats.find(signal, rate_hz)
    events = pacing.find(part.native, part.native_hz, found, sharp=sharp, sharp_hz=rate_hz, noise=noise)
    values = np.zeros((_INDICES, len(leads)))
    values[MISSING] = part.missing.mean(axis=1) if part.missing.size else 0
    values[RANGE] = np.ptp(part.native, axis=1)
    values[FLAT] = indices.longest_flat_s(signal, rate_hz)
    values[SATURATED] = indices.saturated_share(signal, rate_hz)
    values[MAINS] = np.max([*mains.values()], axis=0) if mains else np.nan
    values[DRIFT] = indices.drift_mv(signal, rate_hz)
    values[NOISE] = noise
    values[SPIKES] = events.spikes * (windows.WINDOW_S / max(part.seconds, 1.0))
    alive = (values[RANGE] > grading.LIVE_MV) & (values[FLAT] < grading.FLAT_LOST_SHARE * part.seconds)
    suspicion = reversal.suspect(found, leads, alive & (values[MISSING] < grading.LIMITS[Flag.MISSING][1]))
    return _Judged(values, events.pacing, suspicion, _residual(part, leads), part.seconds)


def _residual(part: windows.Window, leads: tuple[str, ...]) -> tuple[float, float] | None:
    """Return by how much the limb leads contradict each other: at most, and against the size of I and II."""
    others = [name for name in _FOURTH if name in leads]
    if not {"I", "II"} <= set(leads) or not others:
        return None
    recorded = part.native[[leads.index(name) for name in ("I", "II", *others)]]
    if part.missing.size:
        gone = part.missing[[leads.index(name) for name in ("I", "II", *others)]].any(axis=0)
        recorded = recorded[:, ~gone]
    if not recorded.shape[1]:
        return None
    said = np.array([_FOURTH[name] for name in others], dtype=np.float32) @ recorded[:2]
    off = recorded[2:] - said
    worst = max(float(off.max()), -float(off.min()))
    size = float(recorded[:2, ::4].std(axis=1).mean())
    return worst, float(off[:, ::4].std(axis=1).max()) / (size + _NO_SIZE_MV)


def _lead(name: str, values: list[float], seconds: float) -> LeadQuality:
    mains = None if np.isnan(values[MAINS]) else round(values[MAINS], 4)
    limited = {
        Flag.MISSING: values[MISSING],
        Flag.SATURATED: values[SATURATED],
        Flag.MAINS: mains or 0.0,
        Flag.DRIFT: values[DRIFT],
        Flag.NOISE: values[NOISE],
        Flag.SPIKES: values[SPIKES],
    }
    found, is_lost = grading.flags(limited, values[FLAT], values[RANGE], seconds)
    return LeadQuality(
        lead=name,
        flags=found,
        is_lost=is_lost,
        missing_share=round(values[MISSING], 4),
        range_mv=round(values[RANGE], 4),
        flat_s=round(values[FLAT], 2),
        saturated_share=round(values[SATURATED], 4),
        mains_mv=mains,
        drift_mv=round(values[DRIFT], 4),
        noise_mv=round(values[NOISE], 4),
        spikes=round(values[SPIKES], 1),
    )


def _most(found: list[str]) -> str:
    """Return what most stretches say; of a draw, the first."""
    return max(dict.fromkeys(found), key=found.count)
