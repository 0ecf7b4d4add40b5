"""Batches of examples on a device: seeded order, no work per batch but one gather."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from services.shared.errors import InvalidRequest
from services.trainer.learning.data import Examples
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Recipe

_SHARE_OF_FREE_MEMORY = 0.5
_LEAST = 2
"""Batch normalization learns nothing from one example alone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The part of one step's examples that this process learns from."""

    signals: Tensor
    targets: Tensor
    share: float
    """What the mean loss of this part is multiplied with, so that the mean over the processes is that of the step."""


class Batches:
    """The examples of one part, dealt out in batches; each process of several takes its part of every batch.

    The batches of several processes are those that a single one with the same number of examples per step would take.
    """

    def __init__(self, examples: Examples, weights: Tensor, recipe: Recipe, processes: Processes) -> None:
        self._device = processes.device
        self._processes = processes
        self._recipe = recipe
        self._weights = weights
        self._targets = examples.targets.to(self._device)
        fits = self._device.type == "cpu" or self._fits(examples.signals)
        self._signals = examples.signals.to(self._device) if fits else examples.signals

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self._bounds())

    def shuffled(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of one epoch in an order of its own, the same for the same seed; raises InvalidRequest."""
        generator = torch.Generator().manual_seed(self._recipe.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self._weights), generator=generator)
        if len(order) < self._processes.count:
            raise InvalidRequest(
                f"There are {len(order)} ECGs to learn from, fewer than the {self._processes.count} processes that "
                "were asked for. Ask for fewer workers, or add ECGs."
            )
        for start, end in self._bounds():
            yield self._part(order[start:end])

    def endless(self) -> Iterator[Batch]:
        """Yield batches without end, in orders that no epoch has."""
        epoch = -1
        while True:
            yield from self.shuffled(epoch)
            epoch -= 1

    def in_order(self) -> Iterator[Tensor]:
        """Yield all signals once, in their order."""
        for signals in torch.split(self._signals, 2 * self._recipe.batch_size):
            yield signals.to(self._device, non_blocking=True)

    def autocast(self) -> AbstractContextManager[object]:
        """Compute in the recipe's precision."""
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.precision == "bfloat16")

    def _part(self, rows: Tensor) -> Batch:
        count = self._processes.count
        ours = rows[self._processes.rank :: count]
        share = 1.0 if count == 1 else float(count * self._weights[ours].sum() / self._weights[rows].sum())
        signals = self._signals[ours.to(self._signals.device)].to(self._device, non_blocking=True)
        return Batch(signals, self._targets[ours.to(self._device)], share)

    def _bounds(self) -> list[tuple[int, int]]:
        """Return start and end of every batch; a last one too small for every process to have some joins the other."""
        count, size = len(self._weights), self._recipe.examples_per_step
        starts = list(range(0, count, size))
        if len(starts) > 1 and count - starts[-1] < max(_LEAST, self._processes.count):
            starts.pop()
        return list(zip(starts, [*starts[1:], count], strict=True))

    def _fits(self, signals: Tensor) -> bool:
        free, _ = torch.cuda.mem_get_info(self._device)
        return signals.nbytes < _SHARE_OF_FREE_MEMORY * free
