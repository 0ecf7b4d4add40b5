"""The weights of services/shared/quality/reversal.py, and how well they do on records they were not fitted on.

`python -m tests.bench.interchanges` prints those fitted on all LUDB records 1 to 100.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.quality import beats, reversal, windows
from tests.bench import ludb

FOLDS: Final = 10
LIMB_PENALTY: Final = 0.2
PRECORDIAL_PENALTY: Final = 0.1
"""Of the squared weights; of the few tried, those that left cross-validated specificity highest."""
_ALL: Final = np.ones(len(STANDARD_LEADS), dtype=np.bool_)


def share(signals: Sequence[Signal], *, suspected: bool = True) -> float:
    """Return in what share of the records an interchange is suspected (or not), each tenth by weights of the others.

    `signals` are all of LUDB in its order, with or without interchanges put in.
    """
    return float(np.mean([(kind != "") is suspected for kind in kinds(signals)]))


def kinds(signals: Sequence[Signal]) -> list[str]:
    """Return which interchange is suspected in each record, each tenth by weights of the others; empty of none."""
    suspicions = [
        reversal.suspect(found(signal), STANDARD_LEADS, _ALL, weights_without(at % FOLDS))
        for at, signal in enumerate(signals)
    ]
    return ["" if each is None else each.kind for each in suspicions]


def found(signal: Signal) -> beats.Beats:
    """Return the beats of twelve leads as `assess` finds them."""
    part = windows.window(signal, ludb.RATE_HZ)
    return beats.find(part.signal, part.rate_hz)


@cache
def weights_without(fold: int) -> reversal.Weights:
    """Fit on all records but those of one fold; fold -1 leaves none out."""
    limb, precordial = _features()
    kept = np.arange(len(limb)) % FOLDS != fold
    return reversal.Weights(_fit(limb[kept], LIMB_PENALTY), _fit(precordial[kept], PRECORDIAL_PENALTY))


@cache
def _features() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    parts = [reversal.waves(found(signal), [*range(len(STANDARD_LEADS))]) for signal in ludb.signals()]
    limb = np.array([reversal.limb_features(one) for one in parts])
    return limb, np.array([reversal.precordial_features(one) for one in parts])


def _fit(features: NDArray[np.float64], penalty: float) -> tuple[float, ...]:
    """Return the weights (features,) of a conditional logit in which the first arrangement of each record is right."""
    apart = features[:, 1:] - features[:, :1]

    def loss(weights: NDArray[np.float64]) -> tuple[float, Any]:
        scores = apart @ weights
        odds = np.exp(np.minimum(scores, 500))
        total = 1 + odds.sum(axis=1, keepdims=True)
        slope = ((odds / total)[:, :, None] * apart).sum(axis=(0, 1))
        return float(np.log(total).sum() + penalty * weights @ weights), slope + 2 * penalty * weights

    return tuple(minimize(loss, np.zeros(features.shape[2]), jac=True).x.tolist())


if __name__ == "__main__":
    print(weights_without(-1))
