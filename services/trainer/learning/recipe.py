"""How to learn: the hyper-parameters of one training, and the optimizers by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from torch import nn, optim

Mode = Literal["scratch", "all_layers", "head_only"]
Precision = Literal["float32", "bfloat16"]

OPTIMIZERS: Final[Mapping[str, Callable[..., optim.Optimizer]]] = MappingProxyType(
    {
        "adamw": optim.AdamW,
        "adam": optim.Adam,
        "nadam": optim.NAdam,
        "adamax": optim.Adamax,
        "adafactor": optim.Adafactor,
        "rmsprop": optim.RMSprop,
        "sgd": optim.SGD,
    }
)

_EXTRA: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({"sgd": {"momentum": 0.9}})


@dataclass(frozen=True, slots=True)
class Recipe:
    """The hyper-parameters of one training; the defaults are the platform's."""

    mode: Mode = "scratch"
    max_epochs: int = 50
    patience: int = 10
    """Epochs without a lower validation loss before stopping."""
    batch_size: int = 32
    optimizer: str = "adamw"
    learning_rate: float = 0.0
    """0 looks for one."""
    learning_rate_decay: float = 0.9
    """The learning rate is multiplied by this after every epoch."""
    seed: int = 0
    precision: Precision = "float32"
    """bfloat16 computes the network in mixed precision."""

    def build_optimizer(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> optim.Optimizer:
        """Return the optimizer over the parameters that are trained."""
        trained = [each for each in parameters if each.requires_grad]
        return OPTIMIZERS[self.optimizer](trained, lr=learning_rate, **_EXTRA.get(self.optimizer, {}))
