"""Several processes train one model together, agree on everything, and learn what one with larger batches learns."""

import multiprocessing
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from services.shared.errors import Unavailable
from services.trainer.learning.labels import Task
from services.trainer.learning.processes import LOST, _means_loss, joined
from services.trainer.learning.recipe import Recipe
from tests.unit.services.trainer.learning.together import Lesson, learn

TOLERANCE = 1e-4
"""Sums are taken in another order; Adam and its kin amplify that where gradients are all but zero, SGD does not."""


def run(lesson: Lesson, count: int) -> dict[str, torch.Tensor]:
    """Let several processes learn, and return the weights of the first."""
    lesson.folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=learn, args=(lesson, rank, count, port)) for rank in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert [worker.exitcode for worker in workers] == [0] * count
    return load_file(lesson.folder / "w0")


def test_two_processes_train_one_model_and_one_of_them_reports(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "two")

    run(lesson, 2)

    leading, following = ((lesson.folder / f"rank{rank}").read_text().split() for rank in range(2))
    assert (leading[0], following[0]) == ("3", "0")
    assert leading[1:] == following[1:]
    assert (lesson.folder / "best").exists()


@pytest.mark.parametrize(
    ("network", "task", "records"), [("inception_time", "multiclass", 50), ("xception_time", "multilabel", 51)]
)
def test_two_workers_learn_what_one_with_the_doubled_batch_learns(
    tmp_path: Path, network: str, task: Task, records: int
) -> None:
    recipe = Recipe(max_epochs=2, batch_size=4, workers=2, learning_rate=1e-2, optimizer="sgd")
    lesson = Lesson(tmp_path / "two", network, task, records, recipe)
    alone = replace(lesson, folder=tmp_path / "one", recipe=replace(recipe, workers=1, batch_size=8))

    together, one = run(lesson, 2), run(alone, 1)

    assert together.keys() == one.keys()
    torch.testing.assert_close(together, one, rtol=TOLERANCE, atol=TOLERANCE)
    losses = [float((each.folder / "rank0").read_text().split()[2]) for each in (lesson, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=TOLERANCE)


def test_two_processes_find_the_learning_rate_that_one_finds(tmp_path: Path) -> None:
    recipe = Recipe(max_epochs=1, batch_size=4, workers=2)
    lesson = Lesson(tmp_path / "two", "inception_time", records=50, recipe=recipe)
    alone = replace(lesson, folder=tmp_path / "one", recipe=replace(recipe, workers=1, batch_size=8))

    run(lesson, 2)
    run(alone, 1)

    rates = [float((each.folder / "rank0").read_text().split()[1]) for each in (lesson, alone)]
    assert rates[0] == pytest.approx(rates[1])


def test_a_process_that_is_lost_is_no_fault_of_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MASTER_PORT", str(free.getsockname()[1]))
    for name, value in (("MASTER_ADDR", "127.0.0.1"), ("RANK", "0"), ("WORLD_SIZE", "1")):
        monkeypatch.setenv(name, value)
    closed = RuntimeError("[../gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:4")

    with pytest.raises(Unavailable, match=LOST), joined(rank=0, count=2, local_rank=0):
        raise closed
    with pytest.raises(RuntimeError, match="shape"), joined(rank=0, count=2, local_rank=0):
        raise RuntimeError("shape mismatch")
    assert _means_loss(torch.distributed.DistNetworkError("timed out"))
