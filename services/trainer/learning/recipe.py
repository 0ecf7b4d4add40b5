"""How to learn: the hyper-parameters of one training. No torch: whoever plans a training needs them, too."""

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["scratch", "all_layers", "head_only"]
Precision = Literal["float32", "bfloat16"]

OPTIMIZERS: Final = ("adamw", "adam", "nadam", "adamax", "adafactor", "rmsprop", "sgd")
DEFAULT_BATCH_SIZE: Final = 32
DEFAULT_EPOCHS: Final = 50
DEFAULT_PATIENCE: Final = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """The hyper-parameters of one training; the defaults are the platform's."""

    mode: Mode = "scratch"
    max_epochs: int = DEFAULT_EPOCHS
    patience: int = DEFAULT_PATIENCE
    """Epochs without a lower validation loss before stopping."""
    batch_size: int = DEFAULT_BATCH_SIZE
    """Examples per worker and step."""
    workers: int = 1
    """Workers that train together, however many processes each has."""
    optimizer: str = "adamw"
    learning_rate: float = 0.0
    """0 looks for one."""
    learning_rate_decay: float = 0.9
    """The learning rate is multiplied by this after every epoch."""
    seed: int = 0
    precision: Precision = "float32"
    """bfloat16 computes the network in mixed precision."""

    @property
    def examples_per_step(self) -> int:
        """The examples of all workers that one step of the optimizer learns from."""
        return self.batch_size * self.workers
