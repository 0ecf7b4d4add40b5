"""The calibration pulse that some devices append to an ECG: 1 mV for a fifth of a second, the same in every lead."""

from typing import Final

import numpy as np

from services.shared.ecg import Remark, Signal

_TOLERANCE_MV: Final = 0.02
"""Converters round, and compress with a loss of a few microvolt."""
_PULSE_MV: Final = 1.0
_PULSE_S: Final = (0.1, 0.3)
_TAIL_S: Final = 1.0
"""A device appends less than this."""


def without_pulse(signal: Signal, rate_hz: float) -> tuple[Signal, tuple[Remark, ...]]:
    """Return the signal cropped to the whole seconds before its calibration pulse, and the remark that says so.

    Only what cannot be a heart is taken for a pulse: leads agree for single samples, never over 1 mV and back.
    """
    begin = _pulse_at(signal, rate_hz)
    if begin is None:
        return signal, ()
    kept = int(int(begin / rate_hz) * rate_hz) or begin
    text = (
        f"From sample {begin} on, every lead holds the device's calibration pulse instead of the ECG: "
        f"the recording was cropped to the {kept / rate_hz:g} s before it."
    )
    return np.ascontiguousarray(signal[:, :kept]), (Remark("calibration_pulse", text),)


def _pulse_at(signal: Signal, rate_hz: float) -> int | None:
    """Return the sample from which on every lead holds the same pulse; None where there is none."""
    tail = signal[:, -max(int(_TAIL_S * rate_hz), 1) :]
    differs = np.flatnonzero(~(tail.max(axis=0) - tail.min(axis=0) <= _TOLERANCE_MV))
    begin = int(differs[-1]) + 1 if len(differs) else 0
    level = tail[:, begin:].mean(axis=0)
    high = np.flatnonzero(np.abs(level - _PULSE_MV) <= _TOLERANCE_MV)
    low = np.count_nonzero(np.abs(level) <= _TOLERANCE_MV)
    is_pulse = (
        len(signal) > 1
        and len(high) > 0
        and low + len(high) == len(level)
        and high[-1] - high[0] == len(high) - 1
        and high[0] > 0
        and _PULSE_S[0] <= len(high) / rate_hz <= _PULSE_S[1]
    )
    return signal.shape[1] - len(level) if is_pulse else None
