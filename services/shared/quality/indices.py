"""The indices of one window, per lead; every function takes (leads, samples) in millivolt and returns (leads,)."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import Signal

Values = NDArray[np.float32]

BLOCK_S: Final = 0.1
FLAT_RANGE_MV: Final = 0.01
SATURATED_S: Final = 0.008
NARROW_S: Final = 0.004
FOLD: Final = 8
MAINS_HZ: Final = (50.0, 60.0)
BESIDE_HZ: Final = 4.0
_NARROW_OF_WHITE: Final = np.float32(1.5)
"""What `narrow` makes of the variance of white noise: 1 + 1/4 + 1/4."""


def longest_flat_s(signal: Signal, rate_hz: float) -> Values:
    """Return the longest run of seconds in which a lead moves by at most 0.01 mV (two steps of a 5 uV converter)."""
    lows, highs, folded = _folded(signal, max(2, round(BLOCK_S * rate_hz)))
    size = max(2, round(BLOCK_S * rate_hz / folded))
    low, high = _blocks(lows, size).min(axis=2), _blocks(highs, size).max(axis=2)
    still = high - low <= FLAT_RANGE_MV
    joined = np.maximum(high[:, 1:], high[:, :-1]) - np.minimum(low[:, 1:], low[:, :-1]) <= FLAT_RANGE_MV
    count = np.where(still.any(axis=1), 1, 0)
    if joined.shape[1]:
        count = np.maximum(count, _longest_run(joined) + joined.any(axis=1))
    run: Values = count.astype(np.float32) * np.float32(size * folded / rate_hz)
    return run


def saturated_share(signal: Signal, rate_hz: float) -> Values:
    """Return the share of samples that stand at a lead's own extreme in runs of at least 8 ms (and 3 samples)."""
    length = max(3, int(np.ceil(SATURATED_S * rate_hz)))
    if signal.shape[1] <= length:
        return np.zeros(signal.shape[0], dtype=np.float32)
    low, high = signal.min(axis=1, keepdims=True), signal.max(axis=1, keepdims=True)
    share = np.zeros(signal.shape[0], dtype=np.float32)
    for extreme in (low, high):
        at = signal == extreme
        for lead in np.nonzero(at.sum(axis=1) >= length)[0].tolist():
            edges = np.flatnonzero(np.diff(at[lead].astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
            runs = edges[:, 1] - edges[:, 0]
            share[lead] += runs[runs >= length].sum() / signal.shape[1]
    return share


def drift_mv(signal: Signal, rate_hz: float) -> Values:
    """Return the peak-to-peak movement of the means over 1 s (what is slower than about 0.5 Hz)."""
    size = max(1, round(rate_hz / 2))
    halves = _blocks(signal, size).mean(axis=2)
    if halves.shape[1] < 3:  # noqa: PLR2004 two overlapping seconds
        return np.zeros(signal.shape[0], dtype=np.float32)
    seconds = (halves[:, 1:] + halves[:, :-1]) / 2
    moved: Values = np.ptp(seconds, axis=1)
    return moved


def mains_mv(signal: Signal, rate_hz: float) -> dict[float, Values]:
    """Return the amplitude of 50 and 60 Hz +- 1 Hz above what lies 4 Hz beside, where the rate can carry them.

    Demodulation of windows of 1 s; root of the mean power over the windows.
    """
    size = round(rate_hz)
    if size > signal.shape[1]:
        return {}
    blocks = _blocks(signal, size)
    judged = [hz for hz in MAINS_HZ if hz <= rate_hz / 2]
    asked = sorted({hz + shift for hz in judged for shift in (-BESIDE_HZ, 0.0, BESIDE_HZ) if hz + shift <= rate_hz / 2})
    basis, gains = _tones(tuple(asked), size, rate_hz)
    # Lead by lead: one large product would set threads of the linear algebra against those that decode.
    parts = (blocks @ basis).reshape(*blocks.shape[:2], 2, len(asked))
    power = dict(zip(asked, np.moveaxis((parts**2).sum(axis=2).mean(axis=1) * gains, 1, 0), strict=True))
    found: dict[float, Values] = {}
    for hz in judged:
        beside = [power[hz + shift] for shift in (-BESIDE_HZ, BESIDE_HZ) if hz + shift in power]
        found[hz] = np.sqrt(np.maximum(power[hz] - sum(beside) / len(beside), 0)).astype(np.float32)
    return found


@lru_cache(maxsize=32)
def _tones(frequencies: tuple[float, ...], size: int, rate_hz: float) -> tuple[Values, Values]:
    at = np.arange(size)[:, None] / rate_hz
    taper = np.hanning(size + 1)[:size, None]
    phase = 2 * np.pi * at * np.asarray(frequencies)
    basis = np.concatenate([np.cos(phase) * taper, -np.sin(phase) * taper], axis=1).astype(np.float32)
    full = np.isclose(frequencies, rate_hz / 2)
    gains = (np.where(full, 1, 2) / taper.sum()) ** 2
    return basis, gains.astype(np.float32)


def narrow(signal: Signal, rate_hz: float) -> Signal:
    """Return each sample less the mean of those 4 ms before and after it: what is narrower than about 8 ms."""
    lag = max(1, round(NARROW_S * rate_hz))
    result = np.zeros_like(signal)
    if signal.shape[1] > 2 * lag:
        sides = signal[:, : -2 * lag] + signal[:, 2 * lag :]
        sides *= np.float32(-0.5)
        sides += signal[:, lag:-lag]
        result[:, lag:-lag] = sides
    return result


def narrow_gain(hz: float, rate_hz: float) -> float:
    """Return by how much `narrow` passes a frequency."""
    lag = max(1, round(NARROW_S * rate_hz))
    return float(1 - np.cos(2 * np.pi * hz * lag / rate_hz))


def noise_mv(narrow_signal: Signal, rate_hz: float, mains: dict[float, Values]) -> Values:
    """Return the standard deviation of white noise that would explain the quiet half of the narrow signal.

    The median over blocks of 0.1 s leaves the QRS complexes out; what mains frequency adds is taken off.
    """
    size = max(2, round(BLOCK_S * rate_hz))
    blocks = _blocks(narrow_signal, size)
    power = np.median(np.einsum("ijk,ijk->ij", blocks, blocks), axis=1) / np.float32(blocks.shape[2])
    for hz, amplitude in mains.items():
        power -= (amplitude * np.float32(narrow_gain(hz, rate_hz))) ** 2 / 2
    noise: Values = np.sqrt(np.maximum(power, 0) / _NARROW_OF_WHITE)
    return noise


def _blocks(signal: Signal, size: int) -> Signal:
    count = max(1, signal.shape[1] // size)
    return signal[:, : count * size].reshape(signal.shape[0], count, -1)


def _folded(signal: Signal, size: int) -> tuple[Signal, Signal, int]:
    """Return the least and greatest of each 8 samples where blocks are long: long rows are faster than many short."""
    if size < FOLD * 2 or signal.shape[1] < size:
        return signal, signal, 1
    lows = highs = signal[:, : signal.shape[1] // FOLD * FOLD]
    for _ in range(FOLD.bit_length() - 1):
        lows, highs = np.minimum(lows[:, ::2], lows[:, 1::2]), np.maximum(highs[:, ::2], highs[:, 1::2])
    return lows, highs, FOLD


def _longest_run(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    total = np.cumsum(rows, axis=1, dtype=np.int64)
    reset = np.maximum.accumulate(np.where(rows, 0, total), axis=1)
    return np.asarray((total - reset).max(axis=1), dtype=np.int64)
