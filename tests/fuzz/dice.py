"""Chance that is the same for the same key, whatever was thrown before."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Throws that a key of numbers determines."""

    def __init__(self, *key: int) -> None:
        self._random = np.random.default_rng(key)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to limit - 1; 0 where there is none."""
        return int(self._random.integers(limit)) if limit > 1 else 0

    def chance(self, probability: float) -> bool:
        """Say yes with a probability."""
        return float(self._random.random()) < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of several."""
        return choices[self.below(len(choices))]

    def place(self, length: int) -> int:
        """Return a position; half of them as often in the first ten bytes as in the next ninety, where headers are."""
        if length > 1 and self.chance(0.5):
            return min(length - 1, int(length ** float(self._random.random())) - 1)
        return self.below(length)

    def bytes(self, length: int) -> bytes:
        """Return noise."""
        return self._random.bytes(length)
