"""Batches show every example once per epoch, and never one alone."""

import pytest
import torch

from services.shared.errors import InvalidRequest
from services.trainer.learning.batches import Batch, Batches
from services.trainer.learning.data import Examples
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Recipe
from tests.unit.services.trainer.learning.toys import CPU


def numbered(count: int, recipe: Recipe, processes: Processes = CPU) -> Batches:
    examples = Examples(torch.arange(count, dtype=torch.float32).reshape(-1, 1, 1), torch.arange(count))
    return Batches(examples, torch.linspace(1, 2, count), recipe, processes)


def rows(batch: Batch) -> list[int]:
    return [int(each) for each in batch.targets]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 17])
def test_every_example_is_shown_once_with_its_target(count: int) -> None:
    batches = numbered(count, Recipe(batch_size=8))

    shown = list(batches.shuffled(1))

    assert len(shown) == len(batches)
    assert sorted(row for each in shown for row in rows(each)) == list(range(count))
    assert all(torch.equal(each.signals[:, 0, 0].long(), each.targets) for each in shown)
    assert count == 1 or min(len(each.targets) for each in shown) > 1
    assert {each.share for each in shown} == {1.0}


@pytest.mark.parametrize(("examples", "workers", "processes"), [(20, 2, 2), (19, 2, 2), (21, 2, 4), (33, 4, 4)])
def test_processes_part_the_batches_of_one_with_as_many_examples_per_step(
    examples: int, workers: int, processes: int
) -> None:
    cpu = torch.device("cpu")
    recipe = Recipe(batch_size=4, workers=workers)

    whole = list(numbered(examples, Recipe(batch_size=4 * workers)).shuffled(3))
    parts = [list(numbered(examples, recipe, Processes(cpu, rank, processes)).shuffled(3)) for rank in range(processes)]

    assert [sorted(rows(each)) for each in whole] == [
        sorted(row for each in step for row in rows(each)) for step in zip(*parts, strict=True)
    ]
    assert min(len(rows(each)) for part in parts for each in part) > 0


def test_the_parts_of_a_batch_weigh_what_their_examples_do() -> None:
    cpu, recipe, weights = torch.device("cpu"), Recipe(batch_size=4, workers=2), torch.linspace(1, 2, 19)

    parts = [list(numbered(19, recipe, Processes(cpu, rank, 2)).shuffled(3)) for rank in range(2)]

    for step in zip(*parts, strict=True):
        sums = [float((weights[rows(each)] * torch.tensor(rows(each))).sum()) for each in step]
        totals = [float(weights[rows(each)].sum()) for each in step]
        means = [each.share * sums[rank] / totals[rank] for rank, each in enumerate(step)]
        assert sum(means) / 2 == pytest.approx(sum(sums) / sum(totals))


def test_fewer_examples_than_processes_are_refused() -> None:
    lonely = numbered(3, Recipe(batch_size=4, workers=4), Processes(torch.device("cpu"), 0, 4))

    with pytest.raises(InvalidRequest, match="3 ECGs to learn from, fewer than the 4 processes"):
        next(lonely.shuffled(1))
