"""The networks that can be trained from scratch: one file each, with the names NAME, SUMMARY and build.

Torch is imported when an architecture is first described or built, so that knowing the names costs nothing.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from services.shared.errors import InvalidRequest

if TYPE_CHECKING:
    from torch import nn

NAMES: Final = ("inception_time", "xception_time")
"""Every architecture; a name is its file's name."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a caller may know of an architecture before training it."""

    name: str
    summary: str
    parameters: int
    """Trainable parameters with 12 leads, 1000 samples and 5 outputs."""


def check_name(name: str) -> str:
    """Return the name, or raise InvalidRequest where there is no such architecture."""
    if name not in NAMES:
        raise InvalidRequest(f"There is no architecture {name[:80]!r}. Choose one of: {', '.join(NAMES)}.")
    return name


def build(name: str, *, leads: int, samples: int, outputs: int) -> "nn.Module":
    """Return an untrained network that maps (n, leads, samples) to logits (n, outputs); raises InvalidRequest."""
    network: nn.Module = _file(name).build(leads, samples, outputs)
    return network


@cache
def catalog() -> tuple[Architecture, ...]:
    """Describe every architecture; the first call imports torch, so keep it off an event loop."""
    return tuple(
        Architecture(
            name,
            _file(name).SUMMARY,
            sum(each.numel() for each in build(name, leads=12, samples=1000, outputs=5).parameters()),
        )
        for name in NAMES
    )


def _file(name: str) -> Any:
    return import_module(f"{__name__}.{check_name(name)}")
