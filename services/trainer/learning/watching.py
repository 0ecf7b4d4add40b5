"""What the loop needs from outside: somewhere to keep its state, and somebody who follows."""

from typing import Literal, Protocol

from services.trainer.learning.checkpoint import EpochRow

CheckpointName = Literal["last", "best"]


class Checkpoints(Protocol):
    """Where a training keeps its state; called from the thread that trains."""

    def load(self, name: CheckpointName) -> bytes | None:
        """Return what was saved last under the name, or None."""
        ...

    def save(self, name: CheckpointName, data: bytes) -> None:
        """Keep the data durably under the name."""
        ...


class Watch(Protocol):
    """Whoever follows a training; called from the thread that trains, so answers at once."""

    def cancelled(self) -> bool:
        """Say whether the training should end."""
        ...

    def searching(self, done: int, total: int) -> None:
        """Take note that some steps of the search for a learning rate are done."""
        ...

    def learning_rate(self, value: float) -> None:
        """Take note of the rate that the training begins with."""
        ...

    def batches(self, epoch: int, done: int, total: int) -> None:
        """Take note that some batches of an epoch are done."""
        ...

    def epoch(self, row: EpochRow) -> None:
        """Take note of a finished epoch."""
        ...
