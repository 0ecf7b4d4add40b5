"""How close the training loop comes to a bare one, and how good a model it makes of real ECGs."""

import csv
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from services.trainer import architectures
from services.trainer.learning.checkpoint import EpochRow
from services.trainer.learning.data import LearningData, learning_data
from services.trainer.learning.loop import Outcome, train
from services.trainer.learning.processes import Processes, best_device
from services.trainer.learning.recipe import Recipe
from services.trainer.learning.trainable import Trainable
from tests.bench.row import Row

ARCHITECTURE = "inception_time"
CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
BATCH = 32
EXAMPLES = 512
ROUNDS = 3
RATE = 1e-3
GOAL_RATIO = 0.95
GOAL_AUROC = 0.90
EPOCHS = 25


def train_step() -> Row:
    """Measure examples per second of a whole epoch against a loop that does nothing but train."""
    signals = np.random.default_rng(0).standard_normal((EXAMPLES, 12, 1000)).astype(np.float32)
    targets = np.random.default_rng(1).random((EXAMPLES, len(CLASSES))) < 0.5
    data = learning_data((signals, targets), (signals[:2], targets[:2]), task="multilabel", classes=CLASSES)
    loops: tuple[Callable[[LearningData], object], ...] = (_bare, _ours)
    for loop in loops:
        loop(
            learning_data(
                (signals[:BATCH], targets[:BATCH]), (signals[:2], targets[:2]), task="multilabel", classes=CLASSES
            )
        )
    floor = value = 0.0
    for _ in range(ROUNDS):
        floor = max(floor, EXAMPLES / _seconds(lambda: _bare(data)))
        value = max(value, EXAMPLES / _seconds(lambda: _ours(data)))
    ratio = value / floor
    return Row("train_step", value, "ECG/s", f"ratio >= {GOAL_RATIO}", ratio >= GOAL_RATIO, floor, ratio)


def ptbxl_inception_auroc() -> Row:
    """Train InceptionTime from scratch on real ECGs; the macro AUROC at the epoch that early stopping chose."""
    folder = _ptbxl()
    parts = [_part(folder, name) for name in ("train", "val")]
    data = learning_data(*parts, task="multilabel", classes=CLASSES)
    value = _learn(data, Recipe(max_epochs=EPOCHS), Told(aloud=True)).figures.auroc_macro or 0.0
    return Row("ptbxl_inception_auroc", value, "AUROC", f">= {GOAL_AUROC}", value >= GOAL_AUROC)


def _bare(data: LearningData) -> None:
    network = _network().to(best_device())
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    objective = data.objective().to(best_device())
    signals, targets = (each.to(best_device()) for each in (data.training.signals, data.training.targets))
    network.train()
    for start in range(0, len(signals), BATCH):
        optimizer.zero_grad(set_to_none=True)
        loss = objective(network(signals[start : start + BATCH]), targets[start : start + BATCH])
        loss.backward()
        optimizer.step()


def _ours(data: LearningData) -> None:
    _learn(data, Recipe(max_epochs=1, batch_size=BATCH, learning_rate=RATE), Told())


def _learn(data: LearningData, recipe: Recipe, told: "Told") -> Outcome:
    trainable = Trainable(_network(), ("head",), to_onnx=lambda: NotImplemented)
    return train(trainable, data, recipe, checkpoints=Memory(), watch=told, processes=Processes(best_device()))


def _network() -> nn.Module:
    torch.manual_seed(0)
    return architectures.build(ARCHITECTURE, leads=12, samples=1000, outputs=len(CLASSES))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ptbxl() -> Path:
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("EINTHOVEN_DATA", beside)) / "ptbxl-subset"  # noqa: TID251 the suite's own setting
    if not folder.is_dir():
        raise RuntimeError(f"There are no PTB-XL ECGs at {folder}; set EINTHOVEN_DATA to the folder above.")
    return folder


def _part(folder: Path, name: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    signals = np.load(folder / f"{name}_signals.npy", allow_pickle=False).astype(np.float32)
    with (folder / f"{name}_labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return signals, np.array([[row[label] == "1" for label in CLASSES] for row in rows])


class Memory:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self._saved: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        """Return what was saved."""
        return self._saved.get(name)

    def save(self, name: str, data: bytes) -> None:
        """Keep it."""
        self._saved[name] = data


class Told:
    """Follows a training; aloud, it prints a line per epoch, for some take minutes."""

    def __init__(self, *, aloud: bool = False) -> None:
        self._aloud = aloud

    def cancelled(self) -> bool:
        """Never."""
        return False

    def searching(self, done: int, total: int) -> None:
        """Say nothing."""

    def learning_rate(self, value: float) -> None:
        """Say nothing."""

    def batches(self, epoch: int, done: int, total: int) -> None:
        """Say nothing."""

    def epoch(self, row: EpochRow) -> None:
        """Print the epoch's figures."""
        if self._aloud:
            print(
                f"epoch {row.epoch}: loss {row.training_loss:.3f} / {row.validation_loss:.3f}, "
                f"AUROC {row.auroc_macro:.4f}, {row.seconds:.0f} s",
                flush=True,
            )


BENCHES: dict[str, Callable[[], Row]] = {
    "train_step": train_step,
    "ptbxl_inception_auroc": ptbxl_inception_auroc,
}
