"""From a Recording to what a model is fed: the same code for training and for inference.

The order is that of the ECG contract: take the leads, crop or extend to the model's duration at the native rate,
FFT-resample to the model's rate, scale to its unit, then its preprocessing steps by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from services.shared.ecg import Recording, Remark, Signal, StandardEcg
from services.shared.errors import InvalidRequest
from services.shared.model_contract import PRESETS, InputContract, Step, StepName

__all__ = ["PRESETS", "Prepared", "prepare", "standardize"]

MICROVOLT_PER_MILLIVOLT: Final = np.float32(1000)

_LIMB_LEADS: Final[dict[str, tuple[float, float]]] = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}
"""Each limb lead as a·I + b·II (Einthoven, Goldberger); any two of them give all others."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One ECG ready for a model."""

    signal: NDArray[np.float32]
    """(leads, samples) of the contract, float32, C-contiguous, in the contract's unit or normalized."""
    remarks: tuple[Remark, ...]


def prepare(recording: Recording, contract: InputContract) -> Prepared:
    """Make a recording into what the contract's model is fed.

    Raises InvalidRequest where leads are missing and cannot be derived, or samples are not numbers.
    """
    ecg = standardize(recording, contract)
    data = ecg.signal * MICROVOLT_PER_MILLIVOLT if contract.unit == "uV" else ecg.signal
    for step in contract.preprocessing:
        data = _STEPS[step.name](data, step, contract.rate_hz)
    return Prepared(np.ascontiguousarray(data, dtype=np.float32), ecg.remarks)


def standardize(recording: Recording, contract: InputContract) -> StandardEcg:
    """Take the contract's leads, duration and rate of a recording, in millivolt and without any preprocessing.

    Raises InvalidRequest where leads are missing and cannot be derived, or samples are not numbers.
    """
    wanted = max(1, round(contract.duration_s * recording.rate_hz))
    data, derived = _leads(recording, contract.leads, min(wanted, recording.samples))
    remarks = list(recording.remarks)
    if derived and not any(remark.code == "derived_leads" for remark in remarks):
        remarks.append(Remark("derived_leads", f"Computed from other limb leads: {', '.join(derived)}."))
    extended = recording.samples < wanted
    if extended:
        data = _extend(data, wanted)
        text = f"{recording.duration_s:.2f} s were extended to {contract.duration_s:g} s with each lead's median."
        remarks.append(Remark("extended", text))
    if wanted != contract.samples:
        data = signal.resample(data, contract.samples, axis=1).astype(np.float32, copy=False)
    return StandardEcg(data, contract.rate_hz, extended, tuple(remarks))


def _leads(recording: Recording, leads: tuple[str, ...], samples: int) -> tuple[Signal, list[str]]:
    cropped = recording.signal[:, :samples]
    finite: NDArray[np.bool_] = np.isfinite(cropped)
    recorded = np.any(finite, axis=1)
    rows = {lead: row for row, lead in enumerate(recording.leads) if recorded[row]}
    derived = [lead for lead in leads if lead not in rows]
    basis = [lead for lead in _LIMB_LEADS if lead in rows][:2]
    _refuse_underivable(derived, basis)
    used = {*(lead for lead in leads if lead in rows), *(basis if derived else ())}
    _refuse_gaps([lead for lead in used if not finite[rows[lead]].all()], recording)
    taken = np.empty((len(leads), samples), np.float32)
    for row, lead in enumerate(leads):
        taken[row] = cropped[rows[lead]] if lead in rows else _derive(lead, basis, [cropped[rows[b]] for b in basis])
    return taken, derived


def _refuse_underivable(missing: list[str], basis: list[str]) -> None:
    two_leads = 2
    underivable = [lead for lead in missing if lead not in _LIMB_LEADS or len(basis) < two_leads]
    if underivable:
        raise InvalidRequest(
            f"The ECG has nothing recorded on {', '.join(underivable)}, which this model needs and which cannot be "
            "derived from its other leads. Use a recording with these leads, or a model that does without them."
        )


def _refuse_gaps(leads: list[str], recording: Recording) -> None:
    if leads:
        named = ", ".join(lead for lead in recording.leads if lead in leads)
        raise InvalidRequest(
            f"Samples of {named} were not recorded (NaN or infinite) in the part that this model looks at. "
            "Use a recording without gaps there, or cut the gap out before."
        )


def _derive(lead: str, basis: list[str], signals: list[Signal]) -> Signal:
    weights = np.linalg.solve(np.array([_LIMB_LEADS[each] for each in basis]).T, np.array(_LIMB_LEADS[lead]))
    derived: Signal = (weights[0] * signals[0] + weights[1] * signals[1]).astype(np.float32)
    return derived


def _extend(data: Signal, samples: int) -> Signal:
    extended = np.empty((data.shape[0], samples), np.float32)
    extended[:, : data.shape[1]] = data
    extended[:, data.shape[1] :] = np.median(data, axis=1, keepdims=True)
    return extended


def _clip_quantiles(data: Signal, step: Step, rate_hz: float) -> Signal:  # noqa: ARG001 one signature for every step
    q1, q3 = np.quantile(data, [step.value("low"), step.value("high")], axis=1, keepdims=True).astype(np.float32)
    reach = np.float32(step.value("factor")) * (q3 - q1)
    return np.clip(data, q1 - reach, q3 + reach)


def _clip_percentile(data: Signal, step: Step, rate_hz: float) -> Signal:  # noqa: ARG001 one signature for every step
    percentile = step.value("percentile")
    low, high = np.percentile(data, [percentile, 100 - percentile], axis=1, keepdims=True).astype(np.float32)
    return np.clip(data, low, high)


def _subtract_moving_median(data: Signal, step: Step, rate_hz: float) -> Signal:
    half = min(round(step.value("seconds") * rate_hz / 2), data.shape[1])
    # All leads in one row: scipy's one-dimensional rank filter is about thirty times as fast as its n-dimensional one.
    padded = np.pad(data, ((0, 0), (half, half)), mode="symmetric")
    medians = ndimage.median_filter(padded.ravel(), size=2 * half + 1).reshape(padded.shape)
    level: Signal = data - medians[:, half : half + data.shape[1]]
    return level


def _min_max(data: Signal, step: Step, rate_hz: float) -> Signal:  # noqa: ARG001 one signature for every step
    low, high = np.float32(step.value("low")), np.float32(step.value("high"))
    least, span = data.min(), np.ptp(data)
    scaled: Signal = (data - least) / (span or np.float32(1)) * (high - low) + low
    return scaled


def _z_score(data: Signal, step: Step, rate_hz: float) -> Signal:  # noqa: ARG001 one signature for every step
    scaled: Signal = (data - data.mean()) / (data.std() or np.float32(1))
    return scaled


_STEPS: Final[dict[StepName, Callable[[Signal, Step, float], Signal]]] = {
    "clip_quantiles": _clip_quantiles,
    "clip_percentile": _clip_percentile,
    "subtract_moving_median": _subtract_moving_median,
    "min_max": _min_max,
    "z_score": _z_score,
}
