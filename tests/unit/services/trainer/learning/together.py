"""One of several processes of a training, as torchrun would start it."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from services.trainer import architectures
from services.trainer.learning.labels import Task
from services.trainer.learning.loop import train
from services.trainer.learning.processes import joined
from services.trainer.learning.recipe import Recipe
from services.trainer.learning.trainable import Trainable
from tests.unit.services.trainer.learning.toys import Memory, Notes, toy, toy_data


class OnDisk(Memory):
    """Checkpoints that every process can read."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def load(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def save(self, name: str, data: bytes) -> None:
        (self._folder / name).write_bytes(data)


@dataclass(frozen=True)
class Lesson:
    """What several processes learn."""

    folder: Path
    network: str = "toy"
    task: Task = "multiclass"
    records: int = 96
    recipe: Recipe = field(default_factory=lambda: replace(Recipe(), max_epochs=3, batch_size=8))


def learn(lesson: Lesson, rank: int = 0, count: int = 1, port: int = 0) -> None:
    """Train, and write down what this process has in the end."""
    os.environ |= {  # noqa: TID251 what torchrun sets
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
    }
    torch.set_num_threads(1)
    notes, data, learner = Notes(), toy_data(lesson.task, lesson.records), trainable(lesson.network)
    with joined(rank=rank, count=count, local_rank=rank, local_count=count) as processes:
        kept = OnDisk(lesson.folder)
        outcome = train(learner, data, lesson.recipe, checkpoints=kept, watch=notes, processes=processes)
    told = f"{len(notes.rows)} {outcome.progress.learning_rate} {outcome.progress.best.validation_loss}"
    (lesson.folder / f"rank{rank}").write_text(told)
    weights = {name: each.contiguous() for name, each in learner.network.state_dict().items()}
    save_file(weights, lesson.folder / f"w{rank}")


def trainable(name: str) -> Trainable:
    """Return the toy, or an architecture of the platform, with the same weights in every process."""
    if name == "toy":
        return toy()
    torch.manual_seed(1)
    network = architectures.build(name, leads=12, samples=20, outputs=2)
    return Trainable(network, ("head",), to_onnx=lambda: NotImplemented)
