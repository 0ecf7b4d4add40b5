"""Suspected interchange of electrodes: which arrangement of the cables explains the typical beat best; numpy only.

The electrodes' potentials follow from the limb leads (against Wilson's central terminal, which an interchange of RA, LA
and LL leaves alone), so every interchange can be undone exactly and the ECG it would have been can be judged. The
features are the known signs: axes of P, QRS and T (inverted P and QRS in I, an upright aVR), and how I, II and aVR go
with V5, V6 and V1 (Batchvarov et al., Europace 2007;9:1081). Their weights are a conditional logistic regression fitted
on LUDB records 1 to 100, where each record is right and its interchanges are wrong (docs/quality.md); the margin of two
arrangements is the logarithm of their odds. The legs are at nearly one potential: RL for RA or LA leaves lead II or III
nearly flat (Batchvarov et al.), RL for LL changes nothing that could be seen. Precordial interchanges make the way from
V1 to V6 longer than it need be (that leads predict each other: Kors and van Herpen, Ann Noninvasive Electrocardiol
2001;6:238).
"""

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from services.shared.quality.beats import Beats

Vector = NDArray[np.float64]

LIMB_KINDS: Final = {
    (0, 1, 2): "",
    (0, 2, 1): "LA/LL",
    (1, 0, 2): "RA/LA",
    (1, 2, 0): "RA-LA-LL rotated",
    (2, 0, 1): "RA-LL-LA rotated",
    (2, 1, 0): "RA/LL",
}
"""What each arrangement of the electrodes RA, LA, LL is called."""
LEG_KINDS: Final = {"I": "both arms/legs", "II": "RA/RL", "III": "LA/RL"}
"""Which interchange with the right leg leaves a lead nearly flat."""
LEAST_MARGIN: Final = 1.75
"""Odds of 5.8 to 1 for another arrangement of the limb electrodes."""
LEAST_MARGIN_LA_LL: Final = 2.0
"""Odds of 7.4 to 1 for LA/LL, which hardly changes an ECG."""
LEAST_PRECORDIAL_MARGIN: Final = 3.5
"""Odds of 33 to 1 for another order of the precordial electrodes."""
FLAT_SHARE: Final = 0.15
"""Of the mean of the other two limb leads: what a lead between two legs stays below, peak to peak."""
FLAT_MV: Final = 0.10
"""And in millivolt."""

LIVE_MV: Final = 0.2
"""What the other two reach."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much every feature counts for an arrangement."""

    limb: tuple[float, ...]
    """(11,), in the order of `limb_features`."""
    precordial: tuple[float, ...]
    """(10,), in the order of `precordial_features`."""


FITTED: Final = Weights(
    limb=(0.2, 1.43, 0.31, -0.54, 0.83, 1.17, -0.37, 0.63, 0.76, 1.26, -2.47),
    precordial=(-2.36, -5.87, 4.14, 0.36, -0.65, -1.8, -3.33, 1.8, 0.68, 0.62),
)
"""On LUDB records 1 to 100: `python -m tests.bench.interchanges` fits them anew."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An interchange that explains the ECG better."""

    kind: str
    """"RA/LA", "LA/LL", "RA/LL", two rotations, "RA/RL", "LA/RL", "both arms/legs", or "V1/V2" and the like."""
    margin: float
    """Natural logarithm of its odds against the electrodes as named; 0 for a nearly flat lead, which has none."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The waves of a typical beat of twelve leads, (12, samples) each."""

    p: Vector
    qrs: Vector
    t: Vector


def suspect(
    beats: Beats, leads: tuple[str, ...], judged: NDArray[np.bool_], weights: Weights = FITTED
) -> Suspicion | None:
    """Return the interchange that explains a typical beat best, where one does clearly better.

    `judged` says which leads are neither flat nor missing: only twelve that are can be told apart.
    """
    if beats.typical is None or not set(STANDARD_LEADS[:3]) <= set(leads):
        return None
    where = [leads.index(name) if name in leads else -1 for name in STANDARD_LEADS]
    near_flat = _near_flat(beats, where)
    if near_flat is not None:
        return near_flat
    if -1 in where or not judged[where].all():
        return None
    parts = waves(beats, where)
    return _limb(parts, weights) or _precordial(parts, weights)


def waves(beats: Beats, where: list[int]) -> Parts:
    """Return the P wave (less the line between its ends), the QRS complex and the T wave of the standard leads."""
    p, qrs, t = (beats.part(*span)[where].astype(np.float64) for span in ((-0.24, -0.08), (-0.06, 0.08), (0.12, 0.40)))
    ends = (p[:, :2].mean(axis=1) + p[:, -2:].mean(axis=1)) / 2
    return Parts(p - ends[:, None], qrs, t)


def limb_features(parts: Parts) -> Vector:
    """Return (6, 11): the features of every arrangement of the limb electrodes, the recorded one first."""
    whole = np.concatenate([parts.p[:2], parts.qrs[:2], parts.t[:2]], axis=1)
    ends = np.cumsum([parts.p.shape[1], parts.qrs.shape[1]])
    electrodes = np.array([[-1, -1], [2, -1], [-1, 2]]) @ whole / 3
    ra, la, ll = np.moveaxis(electrodes[np.array([*LIMB_KINDS])], 1, 0)
    one, two = la - ra, ll - ra
    down = (two - one / 2) * 2 / np.sqrt(3)
    row = []
    for x, y, least in zip(np.split(one, ends, 1), np.split(down, ends, 1), (0.02, 0.05, 0.03), strict=True):
        across, along = x.mean(axis=1), y.mean(axis=1)
        size = np.hypot(across, along) + least
        row += [across / size, along / size]
    one, two = one[:, ends[0] :], two[:, ends[0] :]
    v1, v5, v6 = np.concatenate([parts.qrs, parts.t], axis=1)[[6, 10, 11]]
    right = -(one + two) / 2
    row += [_likeness(*pair) for pair in ((one, v6), (one, v5), (two, v6), (right, v1), (right, v6))]
    return np.stack(row, axis=1)


@cache
def precordial_orders() -> list[tuple[int, ...]]:
    """Return the orders of V1 to V6 that are compared: as named, and with two neighbours or next neighbours swapped."""
    orders = [tuple(range(6))]
    for first, second in [*itertools.pairwise(range(6)), *((at, at + 2) for at in range(4))]:
        order = list(range(6))
        order[first], order[second] = second, first
        orders.append(tuple(order))
    return orders


def precordial_features(parts: Parts) -> Vector:
    """Return (10, 10): the features of every order of V1 to V6, the recorded one first."""
    beat = np.concatenate([parts.qrs, parts.t], axis=1)[6:]
    return np.stack([*_way(beat), *_way(parts.qrs[6:])], axis=1)


def _way(chest: Vector) -> list[Vector]:
    """Return how long and how bent the way from V1 to V6 is in every order, against the size of the leads."""
    x = chest[np.array(precordial_orders())]
    power = (chest**2).mean(axis=1)
    size = np.sqrt(power.sum()) + 0.05
    steps = np.diff(x, axis=1)
    bends = np.sqrt((np.diff(steps, axis=1) ** 2).mean(axis=2)) / size
    lengths = np.sqrt((steps**2).mean(axis=2)) / size
    unit = x / (np.sqrt((x**2).sum(axis=2, keepdims=True)) + 0.1)
    alike = np.einsum("ijk,ijk->i", unit[:, :-1], unit[:, 1:])
    return [lengths.sum(axis=1), bends.sum(axis=1), alike, lengths.max(axis=1), bends.max(axis=1)]


def _limb(parts: Parts, weights: Weights) -> Suspicion | None:
    scores = limb_features(parts) @ np.asarray(weights.limb)
    best = int(scores.argmax())
    kind, margin = [*LIMB_KINDS.values()][best], float(scores[best] - scores[0])
    least = LEAST_MARGIN_LA_LL if kind == "LA/LL" else LEAST_MARGIN
    return Suspicion(kind, margin) if margin > least else None


def _precordial(parts: Parts, weights: Weights) -> Suspicion | None:
    scores = precordial_features(parts) @ np.asarray(weights.precordial)
    best = int(scores.argmax())
    margin = float(scores[best] - scores[0])
    if margin <= LEAST_PRECORDIAL_MARGIN:
        return None
    moved = [f"V{at + 1}" for at, taken in enumerate(precordial_orders()[best]) if at != taken]
    return Suspicion("/".join(moved), margin)


def _near_flat(beats: Beats, where: list[int]) -> Suspicion | None:
    """Return an interchange with the right leg, where one limb lead is nearly flat and agrees with the other two."""
    one, two, three = limb = beats.typical[where[:3]] if beats.typical is not None else np.zeros((3, 1))
    heights = np.ptp(limb, axis=1)
    lowest = int(heights.argmin())
    others = float(np.delete(heights, lowest).mean())
    if heights[lowest] >= min(FLAT_SHARE * others, FLAT_MV) or others < LIVE_MV:
        return None
    if np.ptp(three - (two - one)) > FLAT_MV:
        return None
    return Suspicion(LEG_KINDS[STANDARD_LEADS[lowest]], 0.0)


def _likeness(rows: Vector, other: Vector) -> Vector:
    alike: Vector = rows @ other / (np.sqrt((rows**2).sum(axis=1) * (other @ other)) + 1e-3)
    return alike
