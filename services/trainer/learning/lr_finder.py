"""The learning-rate finder: a short trial over growing rates, on training data only.

Smith, Cyclical learning rates for training neural networks, 2017 (arXiv 1506.01186): the rate at which the loss falls
most steeply per decade. Losses of single batches are noisy, so the slope is that of a line through many of them.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import savgol_filter
from torch import Tensor

from services.trainer.learning.batches import Batch, Batches
from services.trainer.learning.optimizers import build_optimizer
from services.trainer.learning.recipe import Recipe
from services.trainer.learning.trainable import Trainable

LOWEST: Final = 1e-5
HIGHEST: Final = 1.0
LEAST_STEPS: Final = 30
MOST_STEPS: Final = 80
EPOCHS: Final = 2
"""The trial takes about this many epochs, within the bounds of its steps."""
SMOOTHING: Final = 0.9
DIVERGED: Final = 4.0
"""The trial ends where the smoothed loss is this many times the lowest seen."""
BOUNDS: Final = (1e-5, 1e-2)
"""What is suggested lies within these: small trials are noisy."""


def find_learning_rate(
    trainable: Trainable,
    batches: Batches,
    recipe: Recipe,
    *,
    loss_of: Callable[[Batch], Tensor],
    mean: Callable[[Tensor], float],
    told: Callable[[int, int], None],
) -> float:
    """Suggest a learning rate, the same in every process; the network comes back with the weights it had.

    `loss_of` is this process's loss of its part of a batch, `mean` takes the mean over the processes. `told` is called
    with the steps done and their number, and may raise to end the trial.
    """
    network = trainable.network
    before = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    trainable.set_training(recipe.mode)
    rates = np.geomspace(LOWEST, HIGHEST, min(MOST_STEPS, max(LEAST_STEPS, EPOCHS * len(batches))))
    optimizer = build_optimizer(recipe, network.parameters(), LOWEST)
    losses: list[float] = []
    for rate, batch in zip(rates, batches.endless(), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(mean(loss.detach()))
        told(len(losses), len(rates))
        if not math.isfinite(losses[-1]) or _smooth(losses)[-1] > DIVERGED * min(_smooth(losses)):
            losses.pop()
            break
    network.load_state_dict(before)
    torch.manual_seed(recipe.seed)
    return _steepest(rates[: len(losses)], losses, neighbours=len(rates) // 8 * 2 + 1)


def _smooth(losses: list[float]) -> list[float]:
    average, smoothed = 0.0, []
    for step, loss in enumerate(losses, 1):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smoothed.append(average / (1 - SMOOTHING**step))
    return smoothed


def _steepest(rates: NDArray[np.float64], losses: list[float], *, neighbours: int) -> float:
    """Return the rate around which a line through the neighbouring losses falls most steeply per decade."""
    if len(losses) < neighbours:
        return BOUNDS[0]
    slope = savgol_filter(np.array(losses), neighbours, polyorder=1, deriv=1)
    return float(np.clip(rates[int(slope.argmin())], *BOUNDS))
