"""Batches of examples on a device: seeded order, no work per batch but one gather."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from services.trainer.learning.data import Examples
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Recipe

_SHARE_OF_FREE_MEMORY = 0.5

Batch = tuple[Tensor, Tensor]


class Batches:
    """The examples of one part, dealt out in batches; one process of several sees its share of each epoch."""

    def __init__(self, examples: Examples, recipe: Recipe, processes: Processes) -> None:
        self._device = processes.device
        self._processes = processes
        self._recipe = recipe
        self._targets = examples.targets.to(self._device)
        fits = self._device.type == "cpu" or self._fits(examples.signals)
        self._signals = examples.signals.to(self._device) if fits else examples.signals

    def __len__(self) -> int:
        """Batches per epoch and process."""
        return len(self._bounds(self._share))

    @property
    def _share(self) -> int:
        return int(self._targets.shape[0]) // self._processes.count or 1

    def shuffled(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of one epoch in an order of its own, the same for the same seed."""
        generator = torch.Generator().manual_seed(self._recipe.seed * 1_000_003 + epoch)
        order = torch.randperm(self._targets.shape[0], generator=generator)
        order = order[self._processes.rank :: self._processes.count][: self._share].to(self._signals.device)
        for start, end in self._bounds(len(order)):
            yield self._gather(order[start:end])

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

    def _gather(self, rows: Tensor) -> Batch:
        signals = self._signals[rows].to(self._device, non_blocking=True)
        return signals, self._targets[rows.to(self._device)]

    def _bounds(self, count: int) -> list[tuple[int, int]]:
        """Return start and end of every batch; a last example left alone joins the batch before it."""
        size = self._recipe.batch_size
        starts = list(range(0, count, size))
        if len(starts) > 1 and count - starts[-1] == 1:
            starts.pop()
        return list(zip(starts, [*starts[1:], count], strict=True))

    def _fits(self, signals: Tensor) -> bool:
        free, _ = torch.cuda.mem_get_info(self._device)
        return signals.nbytes < _SHARE_OF_FREE_MEMORY * free
