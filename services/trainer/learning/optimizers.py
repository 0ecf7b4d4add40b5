"""Optimizers by name."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from torch import nn, optim

from services.trainer.learning.recipe import Recipe

_KINDS: Final[Mapping[str, Callable[..., optim.Optimizer]]] = MappingProxyType(
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


def build_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter], learning_rate: float) -> optim.Optimizer:
    """Return the recipe's optimizer over the parameters that are trained."""
    trained = [each for each in parameters if each.requires_grad]
    return _KINDS[recipe.optimizer](trained, lr=learning_rate, **_EXTRA.get(recipe.optimizer, {}))
