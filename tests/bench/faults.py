"""Faults put into good ECGs: electrodes interchanged as they would be, and interference of stated size."""

from typing import Final

import numpy as np

from services.shared.ecg import Signal

RA, LA, LL, RL = range(4)
INTERCHANGES: Final[dict[str, tuple[int, int, int]]] = {
    "la_ra": (LA, RA, LL),
    "la_ll": (RA, LL, LA),
    "ra_ll": (LL, LA, RA),
    "rotated": (LA, LL, RA),
    "rotated_back": (LL, RA, LA),
    "ra_rl": (RL, LA, LL),
    "la_rl": (RA, RL, LL),
    "arms_legs": (RL, LL, LA),
    "ll_rl": (RA, LA, RL),
}
"""What the electrodes called RA, LA and LL then lie on; "arms_legs": RA on RL, LA on LL, LL on LA."""
LEGS_APART: Final = 0.02
"""Of the potential of LL: what RL differs by."""
LEG_NOISE_MV: Final = 0.01


def interchange(signal: Signal, lies_on: tuple[int, int, int], rng: np.random.Generator) -> Signal:
    """Return twelve leads as they would have been recorded: every lead from the electrodes' potentials anew.

    Potentials are against Wilson's terminal, so RA + LA + LL = 0; the precordial leads follow the new terminal.
    """
    one, two = signal[0].astype(np.float64), signal[1].astype(np.float64)
    left_leg = (2 * two - one) / 3
    right_leg = left_leg * (1 - LEGS_APART) + rng.normal(0, LEG_NOISE_MV, one.size)
    body = (-(one + two) / 3, (2 * one - two) / 3, left_leg, right_leg)
    ra, la, ll = (body[at] for at in lies_on)
    terminal = (ra + la + ll) / 3
    limb = [la - ra, ll - ra, ll - la, *(1.5 * (potential - terminal) for potential in (ra, la, ll))]
    return np.concatenate([np.stack(limb), signal[6:] - terminal]).astype(np.float32)


def swap(signal: Signal, first: str, second: str) -> Signal:
    """Return the leads with two precordial electrodes interchanged, "V1" and "V2"."""
    rows = [*range(12)]
    one, other = (5 + int(name[1]) for name in (first, second))
    rows[one], rows[other] = rows[other], rows[one]
    return signal[rows]


def mains(signal: Signal, rate_hz: float, amplitude_mv: float) -> Signal:
    """Add 50.1 Hz, a tenth off as networks are."""
    at = np.arange(signal.shape[1]) / rate_hz
    return signal + np.float32(amplitude_mv) * np.sin(2 * np.pi * 50.1 * at).astype(np.float32)


def drift(signal: Signal, rate_hz: float, swing_mv: float) -> Signal:
    """Add breathing of 0.25 Hz, peak to peak."""
    at = np.arange(signal.shape[1]) / rate_hz
    return signal + np.float32(swing_mv / 2) * np.sin(2 * np.pi * 0.25 * at).astype(np.float32)


def noise(signal: Signal, deviation_mv: float, rng: np.random.Generator) -> Signal:
    """Add white noise."""
    return signal + rng.normal(0, deviation_mv, signal.shape).astype(np.float32)


def spikes(signal: Signal, height_mv: float, rng: np.random.Generator) -> Signal:
    """Add six single samples at random places to every lead."""
    spoilt = signal.copy()
    for row in spoilt:
        row[rng.choice(np.arange(200, row.size - 200), 6, replace=False)] += height_mv
    return spoilt


def cut_off(signal: Signal, share: float) -> Signal:
    """Clip every lead at a share of its largest deviation from its median."""
    middle = np.median(signal, axis=1, keepdims=True)
    limit = share * np.abs(signal - middle).max(axis=1, keepdims=True)
    return np.clip(signal, middle - limit, middle + limit).astype(np.float32)


def flatten(signal: Signal, seconds: float, rate_hz: float, rng: np.random.Generator) -> Signal:
    """Hold every lead for some seconds, with 1 uV of noise."""
    spoilt = signal.copy()
    part = slice(500, 500 + round(seconds * rate_hz))
    spoilt[:, part] = spoilt[:, 500:501] + rng.normal(0, 0.001, spoilt[:, part].shape)
    return spoilt


def pace(signal: Signal, rate_hz: float, height_mv: float, rng: np.random.Generator) -> Signal:
    """Add spikes of two samples at 70 /min, of another size in every lead."""
    sizes = height_mv * rng.uniform(0.3, 1, signal.shape[0]) * rng.choice([-1, 1], signal.shape[0])
    paced = signal.copy()
    for at in np.arange(100, signal.shape[1] - 100, 60 / 70 * rate_hz).astype(int):
        paced[:, at] += sizes.astype(np.float32)
        paced[:, at + 1] -= (sizes / 3).astype(np.float32)
    return paced
