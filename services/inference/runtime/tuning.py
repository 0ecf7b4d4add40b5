"""Measuring once per model how many ECGs a run should hold: on a CPU it is often one, on a GPU many."""

import time
from typing import Final

import numpy as np

from services.inference.runtime.base import Batch, ModelRuntime

CANDIDATES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BUDGET_SECONDS: Final = 0.3
REPEATS: Final = 3
WORTH_IT: Final = 1.1
"""A larger batch must be this much faster, for it makes the first caller wait longer."""
PATIENCE: Final = 4
"""A batch this many times the best so far that is no better ends the search."""


def best_batch(runtime: ModelRuntime, shape: tuple[int, int], *, most: int) -> int:
    """Return the number of ECGs of a shape (leads, samples) per run that gives the best rate, within a time budget.

    Blocks; the first run of a size is not counted.
    """
    started = time.perf_counter()
    best, best_rate = 1, 0.0
    for size in (each for each in CANDIDATES if each <= most):
        seconds = _seconds(runtime, np.zeros((size, *shape), np.float32))
        if size / seconds > best_rate * WORTH_IT:
            best, best_rate = size, size / seconds
        next_takes = 2 * (REPEATS + 1) * seconds
        if size >= best * PATIENCE or time.perf_counter() - started + next_takes > BUDGET_SECONDS:
            break
    return best


def _seconds(runtime: ModelRuntime, batch: Batch) -> float:
    runtime.run(batch)
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        runtime.run(batch)
        taken.append(time.perf_counter() - started)
    return max(min(taken), 1e-9)
