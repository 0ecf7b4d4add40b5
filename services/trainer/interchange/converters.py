"""Operators that onnx2torch does not know: global maximum, LSTM and GRU, in the layout of ONNX."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import torch
from onnx2torch.node_converters import registry
from onnx2torch.node_converters.slice import OnnxSlice
from onnx2torch.utils.common import OperationConverterResult, onnx_mapping_from_node
from torch import Tensor, fx, nn

from services.shared.errors import InvalidModel

_LSTM_GATES: Final = (0, 2, 3, 1)
"""ONNX orders input, output, forget, cell; torch input, forget, cell, output."""
_GRU_GATES: Final = (1, 0, 2)
"""ONNX orders update, reset, new; torch reset, update, new."""

_ACTIVATIONS: Final = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}

Indices = Tensor | None
Make = Callable[[dict[str, Any]], nn.Module]


class GlobalMaxPool(nn.Module):
    """The maximum over every axis after the channels."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, channels, 1, …)."""
        return torch.amax(x, dim=tuple(range(2, x.ndim)), keepdim=True)


class Slice(nn.Module):
    """A part of every axis named; onnx2torch's own indexes by lists, which torch is about to read differently."""

    def forward(self, x: Tensor, starts: Tensor, ends: Tensor, axes: Indices = None, steps: Indices = None) -> Tensor:
        """Return the part from starts to ends by steps along axes."""
        along = list(range(len(starts))) if axes is None else axes.tolist()
        strides = [1] * len(along) if steps is None else steps.tolist()
        for start, end, axis, step in zip(starts.tolist(), ends.tolist(), along, strides, strict=True):
            x = _part(x, axis, slice(start, end, step))
        return x


def _part(x: Tensor, axis: int, part: slice) -> Tensor:
    if part.step < 0:
        x, part = x.flip(axis), slice(-part.start - 1, -part.stop - 1, -part.step)
    index = [slice(None)] * x.ndim
    index[axis] = part
    return x[tuple(index)]


class Recurrent(nn.Module):
    """What LSTM and GRU share: weights come as inputs in the layout of ONNX, so that they go back as they came."""

    def __init__(self, hidden: int, direction: str, gates: tuple[int, ...]) -> None:
        super().__init__()
        self._hidden = hidden
        self._directions = 2 if direction == "bidirectional" else 1
        self._order = [gate * hidden + row for gate in gates for row in range(hidden)]

    def weights(self, w: Tensor, r: Tensor, b: Tensor | None) -> list[Tensor]:
        """Return torch's flat weights of w (directions, gates x hidden, inputs), r and b."""
        rows = len(self._order)
        bias = torch.zeros(self._directions, 2 * rows, device=w.device) if b is None else b
        flat: list[Tensor] = []
        for each in range(self._directions):
            halves = (bias[each, :rows], bias[each, rows:])
            flat += [part[self._order] for part in (w[each], r[each], *halves)]
        return flat

    def state(self, x: Tensor, given: Tensor | None) -> Tensor:
        """Return the initial state (directions, n, hidden), zero where none is given."""
        return x.new_zeros(self._directions, x.shape[1], self._hidden) if given is None else given

    def split(self, y: Tensor) -> Tensor:
        """Return torch's (steps, n, directions x hidden) as ONNX's (steps, directions, n, hidden)."""
        return y.reshape(y.shape[0], y.shape[1], self._directions, self._hidden).transpose(1, 2)


class Lstm(Recurrent):
    """A long short-term memory."""

    def forward(  # noqa: PLR0913, PLR0917 the inputs of the ONNX operator
        self,
        x: Tensor,
        w: Tensor,
        r: Tensor,
        b: Tensor | None = None,
        sequence_lens: Tensor | None = None,  # noqa: ARG002 all sequences are whole
        initial_h: Tensor | None = None,
        initial_c: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return Y, Y_h and Y_c of ONNX."""
        state = [self.state(x, initial_h), self.state(x, initial_c)]
        flat = self.weights(w, r, b)
        y, h, c = torch.lstm(x, state, flat, True, 1, 0.0, self.training, self._directions > 1, False)  # noqa: FBT003 torch takes them by position
        return self.split(y), h, c


class Gru(Recurrent):
    """A gated recurrent unit."""

    def forward(
        self,
        x: Tensor,
        w: Tensor,
        r: Tensor,
        b: Tensor | None = None,
        sequence_lens: Tensor | None = None,  # noqa: ARG002 all sequences are whole
        initial_h: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return Y and Y_h of ONNX."""
        state, flat = self.state(x, initial_h), self.weights(w, r, b)
        y, h = torch.gru(x, state, flat, True, 1, 0.0, self.training, self._directions > 1, False)  # noqa: FBT003 torch takes them by position
        return self.split(y), h


def modernize(network: fx.GraphModule) -> None:
    """Replace modules of onnx2torch that new versions of torch are about to misread."""
    for name, module in list(network.named_modules()):
        if isinstance(module, OnnxSlice):
            modern = Slice()
            modern.onnx_mapping = module.onnx_mapping
            network.add_submodule(name, modern)


@cache
def register() -> None:
    """Teach onnx2torch the operators, once per process."""
    _add("GlobalMaxPool", (1,), lambda _: GlobalMaxPool())
    _add("LSTM", (7, 14), lambda attributes: _recurrent("LSTM", Lstm, attributes, _LSTM_GATES))
    _add("GRU", (7, 14), lambda attributes: _recurrent("GRU", Gru, attributes, _GRU_GATES))


def _add(operator: str, versions: tuple[int, ...], make: Make) -> None:
    def convert(node: Any, graph: Any) -> OperationConverterResult:  # noqa: ARG001 onnx2torch's signature
        return OperationConverterResult(make(dict(node.attributes)), onnx_mapping_from_node(node))

    for version in versions:
        registry.add_converter(operation_type=operator, version=version)(convert)


def _recurrent(name: str, kind: type[Recurrent], attributes: dict[str, Any], gates: tuple[int, ...]) -> Recurrent:
    direction = str(attributes.get("direction", "forward"))
    special = {"clip", "input_forget", "layout"} & {key for key, value in attributes.items() if value}
    usual = [*_ACTIVATIONS[name]] * (2 if direction == "bidirectional" else 1)
    if (
        special
        or attributes.get("activations", usual) != usual
        or direction == "reverse"
        or (name == "GRU" and not attributes.get("linear_before_reset"))
    ):
        raise InvalidModel(f"The model has a {name} of a kind that torch does not know, so it cannot be trained here.")
    return kind(int(attributes["hidden_size"]), direction, gates)
