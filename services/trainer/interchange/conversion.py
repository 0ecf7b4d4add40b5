"""A normalized ONNX graph to a torch network, with a note of which weight is which initializer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from onnx import ModelProto, NodeProto, numpy_helper
from torch import Tensor, fx, nn

from services.shared.errors import InvalidModel
from services.shared.observability.logs import get_logger
from services.trainer.interchange import vision_operators
from services.trainer.interchange.reading import DEFAULT_DOMAINS

_log = get_logger(__name__)

_INSIDE: Final = {
    "Conv": ("weight", "bias"),
    "ConvTranspose": ("weight", "bias"),
    "Gemm": ("weight", "bias"),
    "BatchNormalization": ("weight", "bias", "running_mean", "running_var"),
    "LayerNormalization": ("weight", "bias"),
    "InstanceNormalization": ("weight", "bias"),
}
"""Where onnx2torch puts the inputs from the second on, of nodes whose weights it takes into the module."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One weight of the network and the initializer it came from."""

    name: str
    """As in the network's state."""
    initializer: str
    transposed: bool
    node_output: str
    """The first output of the node that uses it."""


def to_network(model: ModelProto) -> tuple[fx.GraphModule, tuple[Binding, ...]]:
    """Return the network and its bindings; raises InvalidModel where an operator has no counterpart."""
    vision_operators.declare()
    import onnx2torch  # noqa: PLC0415 only after the operators are declared

    from services.trainer.interchange import converters  # noqa: PLC0415 imports onnx2torch

    converters.register()
    _refuse_unknown(model)
    try:
        network = onnx2torch.convert(model, attach_onnx_mapping=True)
    except (NotImplementedError, KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
        _log.warning("model_not_convertible", exc_info=error)
        raise InvalidModel(
            "The model is built in a way that cannot be turned into a trainable network; export it with opset 17."
        ) from error
    converters.modernize(network)
    _promote_weights(network)
    return network, tuple(_bindings(network, model))


def write_back(network: nn.Module, bindings: tuple[Binding, ...], model: ModelProto) -> ModelProto:
    """Return the model with the weights that the network has now."""
    written = ModelProto.FromString(model.SerializeToString())
    state = network.state_dict()
    tensors = {each.name: each for each in written.graph.initializer}
    for each in bindings:
        value = state[each.name].detach().cpu()
        array = (value.T if each.transposed else value).contiguous().numpy()
        tensors[each.initializer].CopyFrom(numpy_helper.from_array(array, each.initializer))
    return written


def reinitialize(network: nn.Module, seed: int) -> None:
    """Forget every weight, as if the network had never been trained."""
    torch.manual_seed(seed)
    for module in network.modules():
        if callable(reset := getattr(module, "reset_parameters", None)):
            reset()
    for name, parameter in network.named_parameters():
        if name.startswith("initializers.") and parameter.ndim > 1:
            nn.init.xavier_uniform_(parameter)


def _refuse_unknown(model: ModelProto) -> None:
    from onnx2torch.node_converters.registry import get_converter  # noqa: PLC0415 after the operators are declared

    opsets = {each.domain: each.version for each in model.opset_import}
    unknown = set()
    for node in model.graph.node:
        try:
            get_converter(node.op_type, opsets.get(node.domain, 1), node.domain)
        except NotImplementedError:
            unknown.add(node.op_type if node.domain in DEFAULT_DOMAINS else f"{node.domain}.{node.op_type}")
    if unknown:
        raise InvalidModel(
            f"The model uses operators that cannot be trained here: {', '.join(sorted(unknown)[:10])}. "
            "Replace them, or train one of the platform's architectures."
        )


def _promote_weights(network: fx.GraphModule) -> None:
    """Make weights that onnx2torch keeps as constants trainable; single numbers stay constants."""
    constants = getattr(network, "initializers", None)
    if not isinstance(constants, nn.Module):
        return  # No node takes a weight from outside.
    for name, tensor in list(constants.named_buffers()):
        if tensor.is_floating_point() and tensor.numel() > 1:
            delattr(constants, name)
            constants.register_parameter(name, nn.Parameter(tensor.clone()))


def _bindings(network: fx.GraphModule, model: ModelProto) -> Iterator[Binding]:
    state = network.state_dict()
    weights = {each.name for each in model.graph.initializer}
    made_by = {node.output[0]: node for node in model.graph.node}
    for call in (each for each in network.graph.nodes if each.op == "call_module"):
        module: Any = network.get_submodule(str(call.target))
        mapping = module.onnx_mapping
        outside = [each for each in mapping.inputs if each in weights]
        buffers = [str(each.target) for each in call.all_input_nodes if each.op == "get_attr"]
        pairs = [(name, weight, False) for name, weight in zip(buffers, outside, strict=True)]
        node = made_by[mapping.outputs[0]]
        if len(mapping.inputs) == 1:
            pairs += _taken_in(node, str(call.target), module)
        for name, weight, transposed in pairs:
            if isinstance(state[name], Tensor) and state[name].is_floating_point():
                yield Binding(name, weight, transposed, node.output[0])


def _taken_in(node: NodeProto, target: str, module: nn.Module) -> Iterator[tuple[str, str, bool]]:
    # An asymmetrically padded convolution is a padding followed by the convolution.
    prefix = f"{target}.{len(module) - 1}" if isinstance(module, nn.Sequential) else target
    transposed = node.op_type == "Gemm" and not any(each.name == "transB" and each.i for each in node.attribute)
    for name, weight in zip(_INSIDE.get(node.op_type, ()), node.input[1:], strict=False):
        if weight:
            yield f"{prefix}.{name}", weight, transposed and name == "weight"
