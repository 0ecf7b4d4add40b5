"""Another rate than the native one, by FFT, as models get it."""

from typing import Final

import numpy as np

from services.shared.ecg import MAX_RATE_HZ, MIN_RATE_HZ, Signal
from services.shared.errors import InvalidRequest, TooLarge

_MAX_VALUES: Final = 50_000_000


def resampled(signal: Signal, rate_hz: float, wanted_hz: float | None) -> tuple[Signal, float]:
    """Return a signal (leads, samples) and its rate; leads that hold nothing stay empty.

    Raises InvalidRequest where the rate is impossible or samples are missing in between.
    """
    if wanted_hz is None or wanted_hz == rate_hz:
        return signal, rate_hz
    if not MIN_RATE_HZ <= wanted_hz <= MAX_RATE_HZ:
        raise InvalidRequest(f"A rate_hz of {wanted_hz:g} is impossible: expected {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g}.")
    samples = max(1, round(signal.shape[1] * wanted_hz / rate_hz))
    if signal.shape[0] * samples > _MAX_VALUES:
        raise TooLarge(f"At {wanted_hz:g} Hz the signal would have {samples} samples per lead; ask for a lower rate.")
    missing = np.isnan(signal)
    there = ~missing.all(axis=1)
    if missing[there].any():
        raise InvalidRequest(
            "Samples are missing in between, so the signal has no other rate; export it without rate_hz."
        )
    from scipy.signal import resample  # noqa: PLC0415 a heavy import that only this needs

    result = np.full((signal.shape[0], samples), np.nan, dtype=np.float32)
    if there.any():
        result[there] = resample(signal[there].astype(np.float64), samples, axis=1)
    return result, wanted_hz
