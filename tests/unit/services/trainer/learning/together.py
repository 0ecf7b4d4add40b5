"""One of several processes of a training, as torchrun would start it."""

import os
from dataclasses import replace
from pathlib import Path

from services.trainer.learning.loop import train
from services.trainer.learning.processes import joined
from services.trainer.learning.recipe import Recipe
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


def learn(rank: int, count: int, port: int, folder: str) -> None:
    """Train, and write down what this process has in the end."""
    os.environ |= {  # noqa: TID251 what torchrun sets
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
    }
    notes = Notes()
    recipe = replace(Recipe(), max_epochs=3, batch_size=8)
    with joined(rank=rank, count=count, local_rank=rank) as processes:
        outcome = train(toy(), toy_data(), recipe, checkpoints=OnDisk(Path(folder)), watch=notes, processes=processes)
    told = f"{len(notes.rows)} {outcome.progress.learning_rate} {outcome.progress.best.validation_loss}"
    (Path(folder) / f"rank{rank}").write_text(told)
