"""Checkpoints: everything a training needs to go on as if nothing had happened, in one safetensors file.

The scalars lie in the same file as JSON, in a tensor of bytes, so that weights and scalars can never be of two epochs.
Never pickle: a checkpoint comes back from an object store.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn, optim

from services.shared.errors import InvalidRequest

SCALARS: Final = "scalars.json"


@dataclass(frozen=True, slots=True)
class EpochRow:
    """The figures of one epoch; NaN where a figure is not defined."""

    epoch: int
    """From 1."""
    learning_rate: float
    training_loss: float
    validation_loss: float = math.nan
    f1_weighted: float = math.nan
    f1_macro: float = math.nan
    auroc_macro: float = math.nan
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    learning_rate: float
    """The rate it began with, given or found."""
    history: tuple[EpochRow, ...] = ()

    @property
    def best(self) -> EpochRow:
        """The epoch with the lowest validation loss; the first of equals."""
        return min(self.history, key=lambda row: row.validation_loss)

    @property
    def epochs_without_gain(self) -> int:
        """Epochs since the best one."""
        return len(self.history) - self.best.epoch if self.history else 0


def encode(network: nn.Module, optimizer: optim.Optimizer, progress: Progress) -> bytes:
    """Return weights, optimizer, random state and progress as one file."""
    state = optimizer.state_dict()
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    scalars: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{key}"] = value
            else:
                scalars.setdefault(str(index), {})[key] = value
    document = {"progress": asdict(progress), "optimizer": scalars, "groups": state["param_groups"]}
    tensors[SCALARS] = torch.from_numpy(np.frombuffer(json.dumps(document).encode(), np.uint8).copy())
    return bytes(safetensors.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))


def restore(data: bytes, network: nn.Module, optimizer: optim.Optimizer) -> Progress:
    """Put a checkpoint back into the network, the optimizer and the random generators."""
    tensors = _load(data)
    document = json.loads(tensors[SCALARS].numpy().tobytes())
    network.load_state_dict(_below(tensors, "network."))
    state: dict[int, dict[str, Any]] = {int(index): values for index, values in document["optimizer"].items()}
    for name, tensor in _below(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": document["groups"]})
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available() and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])
    progress = document["progress"]
    return Progress(progress["learning_rate"], tuple(EpochRow(**row) for row in progress["history"]))


def encode_weights(network: nn.Module) -> bytes:
    """Return the weights alone as one file."""
    return bytes(safetensors.save({k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}))


def restore_weights(data: bytes | None, network: nn.Module) -> None:
    """Put weights back into the network; raises InvalidRequest where there are none."""
    if data is None:
        raise InvalidRequest("The training has no checkpoint of its best epoch; start it anew.")
    network.load_state_dict(_load(data))


def _load(data: bytes) -> dict[str, Tensor]:
    try:
        return dict(safetensors.load(data))
    except SafetensorError as error:
        raise InvalidRequest("The checkpoint cannot be read; start the training anew.") from error


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
