"""A small task that a small network learns within seconds: the sign of the mean of lead I."""

import numpy as np
import torch
from torch import Tensor, nn

from services.trainer.learning.checkpoint import EpochRow
from services.trainer.learning.data import LearningData, learning_data
from services.trainer.learning.processes import Processes
from services.trainer.learning.trainable import Trainable

CPU = Processes(torch.device("cpu"))


class Toy(nn.Module):
    def __init__(self, outputs: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(12, 4, 1), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(4, outputs)

    def forward(self, signal: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(signal).mean(dim=2))
        return logits


def toy() -> Trainable:
    torch.manual_seed(1)
    return Trainable(Toy(), ("head",), to_onnx=lambda: NotImplemented)


def toy_data(task: str = "multiclass", records: int = 96) -> LearningData:
    random = np.random.default_rng(5)
    signals = random.standard_normal((records, 12, 20)).astype(np.float32)
    signs = np.where(np.arange(records) % 2, 1, -1).astype(np.float32)
    signals[:, 0] += signs[:, None]
    targets = np.column_stack([signs > 0, signs < 0])
    cut = records * 3 // 4
    return learning_data(
        (signals[:cut], targets[:cut]),
        (signals[cut:], targets[cut:]),
        task="multilabel" if task == "multilabel" else "multiclass",
        classes=("up", "down"),
    )


class Memory:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        return self.saved.get(name)

    def save(self, name: str, data: bytes) -> None:
        self.saved[name] = data


class Notes:
    """A watch that writes everything down, and cancels at an epoch if asked to."""

    def __init__(self, cancel_in_epoch: int = 0) -> None:
        self.rows: list[EpochRow] = []
        self.rates: list[float] = []
        self.search_steps = 0
        self.batches_done: list[tuple[int, int, int]] = []
        self._cancel_in_epoch = cancel_in_epoch

    def cancelled(self) -> bool:
        return len(self.rows) + 1 == self._cancel_in_epoch

    def searching(self, done: int, total: int) -> None:
        self.search_steps = done

    def learning_rate(self, value: float) -> None:
        self.rates.append(value)

    def batches(self, epoch: int, done: int, total: int) -> None:
        self.batches_done.append((epoch, done, total))

    def epoch(self, row: EpochRow) -> None:
        self.rows.append(row)
