"""A network with a known head, ready to be trained, and how it becomes an ONNX model again."""

from collections.abc import Callable
from dataclasses import dataclass

import onnx
from torch import nn

from services.trainer.learning.recipe import Mode


@dataclass(frozen=True, slots=True)
class Trainable:
    """A network (n, leads, samples) -> logits (n, outputs), whatever it was made from."""

    network: nn.Module
    head: tuple[str, ...]
    """Names of the modules that make the last weighted layer up."""
    to_onnx: Callable[[], onnx.ModelProto]
    """Returns the network with its present weights as an ONNX model without metadata."""
    remarks: tuple[str, ...] = ()
    """What was decided while making the network, for people."""

    def freeze(self, mode: Mode) -> None:
        """Let the optimizer change everything, or the head alone."""
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(mode != "head_only" or self._in_head(name))

    def set_training(self, mode: Mode) -> None:
        """Switch to training; outside a head trained alone, batch normalization keeps its statistics."""
        self.network.train()
        if mode == "head_only":
            for name, module in self.network.named_modules():
                if name and not self._in_head(name) and not self._holds_head(name):
                    module.eval()

    def _in_head(self, name: str) -> bool:
        return any(name == each or name.startswith(f"{each}.") for each in self.head)

    def _holds_head(self, name: str) -> bool:
        return any(each.startswith(f"{name}.") for each in self.head)
