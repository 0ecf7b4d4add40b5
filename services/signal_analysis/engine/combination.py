"""Fitted combinations: a boundary as a weighted mean of the places that several thresholds give for it.

The weights lie in boundaries.json beside this module, with what they were fitted on; `python -m
tests.bench.fit_boundaries` writes it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.signal_analysis.engine.sampling import Samples

FILE: Final = Path(__file__).with_name("boundaries.json")
_TURNS: Final = 8
_HUBER_SAMPLES: Final = 6.0


@dataclass(frozen=True, slots=True)
class Combination:
    """A linear combination of features, in samples at 500 Hz."""

    centre: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float

    def __call__(self, features: Samples) -> Samples:
        """Return the boundary of features (..., features)."""
        return np.asarray(self.intercept + (features - self.centre) @ self.weights)

    @classmethod
    def fitted(cls, features: Samples, truth: Samples, penalty: float) -> Self:
        """Fit by ridge regression with Huber's weights, so that few odd annotations do not bend it."""
        trust = np.ones(len(truth))
        centre, weights, intercept = features.mean(axis=0), np.zeros(features.shape[1]), float(truth.mean())
        for _ in range(_TURNS):
            share = trust / trust.sum()
            centre, intercept = share @ features, float(share @ truth)
            away = features - centre
            normal = (away * trust[:, None]).T @ away + penalty * np.eye(features.shape[1])
            weights = np.linalg.solve(normal, (away * trust[:, None]).T @ (truth - intercept))
            errors = np.abs(truth - intercept - away @ weights)
            trust = np.minimum(1.0, _HUBER_SAMPLES / np.maximum(errors, 1e-9))
        return cls(centre, weights, intercept)


Fitted = Mapping[str, Callable[[Samples], Samples]]
"""Combinations by name: features (..., features) to places (...)."""


@cache
def fitted() -> Fitted:
    """Return the combinations of boundaries.json by name, e.g. "qrs_onset"."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["combinations"]
    return {
        name: Combination(np.array(entry["centre"]), np.array(entry["weights"]), float(entry["intercept"]))
        for name, entry in entries.items()
    }


def pulled_in(places: Samples, reach: float) -> Samples:
    """Pull features (..., features) in to within `reach` samples of their median, which outliers cannot move."""
    middle = np.median(places, axis=-1, keepdims=True)
    return np.clip(places, middle - reach, middle + reach)
