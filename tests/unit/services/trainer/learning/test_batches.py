"""Batches show every example once per epoch, and never one alone."""

import pytest
import torch

from services.trainer.learning.batches import Batches
from services.trainer.learning.data import Examples
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Recipe
from tests.unit.services.trainer.learning.toys import CPU


def numbered(count: int) -> Examples:
    return Examples(torch.arange(count, dtype=torch.float32).reshape(-1, 1, 1), torch.arange(count))


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 17])
def test_every_example_is_shown_once_with_its_target(count: int) -> None:
    batches = Batches(numbered(count), Recipe(batch_size=8), CPU)

    shown = list(batches.shuffled(1))

    assert len(shown) == len(batches)
    assert sorted(int(each) for _, targets in shown for each in targets) == list(range(count))
    assert all(torch.equal(signals[:, 0, 0].long(), targets) for signals, targets in shown)
    assert count == 1 or min(len(targets) for _, targets in shown) > 1


def test_processes_share_an_epoch_without_overlap() -> None:
    cpu = torch.device("cpu")

    shares = [
        {
            int(t)
            for _, targets in Batches(numbered(20), Recipe(batch_size=4), Processes(cpu, rank, 2)).shuffled(3)
            for t in targets
        }
        for rank in range(2)
    ]

    assert shares[0] | shares[1] == set(range(20))
    assert not shares[0] & shares[1]
