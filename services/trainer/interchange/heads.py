"""The head of a classifier graph: its last weighted layer, found by following the graph back from its output.

Never by matching dimensions: a layer may have as many outputs as there are classes by chance.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper

from services.shared.errors import InvalidModel
from services.trainer.interchange.reading import output_size

WEIGHTED: Final = ("Gemm", "MatMul", "Conv")
ACTIVATIONS: Final = ("Softmax", "LogSoftmax", "Sigmoid")
"""Turn logits into probabilities."""
BOUNDS: Final = ("Relu", "LeakyRelu", "Clip", "Tanh", "Elu", "Softplus", "HardSigmoid")
"""Keep logits from being any number."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last weighted node and what lies between it and the output."""

    node: NodeProto
    tail: tuple[NodeProto, ...]
    """From the node to the output."""
    axis: int
    """The axis of the weight that counts the outputs."""

    @property
    def bounded(self) -> bool:
        """Whether the logits cannot be any number."""
        return any(each.op_type in BOUNDS for each in self.tail)


def find_head(graph: GraphProto) -> Head:
    """Return the head; raises InvalidModel where the graph has no single one."""
    made_by = {output: node for node in graph.node for output in node.output}
    weights = {each.name for each in graph.initializer}
    constants = weights | {node.output[0] for node in graph.node if node.op_type == "Constant"}
    tail: list[NodeProto] = []
    name = graph.output[0].name
    while (node := made_by.get(name)) is not None:
        if node.op_type in WEIGHTED and node.input[1] in weights:
            return Head(node, tuple(reversed(tail)), _axis(node))
        data = [each for each in node.input if each and each not in constants]
        if not data or (len(data) > 1 and node.op_type != "Reshape"):
            break
        tail.append(node)
        name = data[0]
    raise InvalidModel(
        "The model does not end in one weighted layer (Gemm, MatMul or Conv), so it has no head that could be trained."
    )


def strip_activation(model: ModelProto) -> None:
    """Remove a final softmax or sigmoid, because training and the platform's models work on logits."""
    output = model.graph.output[0]
    last = next((node for node in model.graph.node if output.name in node.output), None)
    if last is not None and last.op_type in ACTIVATIONS:
        _bypass(model.graph, last)


def replace_head(model: ModelProto, outputs: int, seed: int) -> None:
    """Give the model an untrained head with another number of outputs, free of what bounds its logits."""
    graph = model.graph
    head = find_head(graph)
    old = output_size(graph)
    normalized = any(node.op_type == "BatchNormalization" for node in head.tail)
    for node in head.tail:
        if node.op_type in (*BOUNDS, "BatchNormalization"):
            _bypass(graph, node)
    random = np.random.default_rng(seed)
    weight = _weight(graph, head.node.input[1])
    shape = list(weight.shape)
    if shape[head.axis] != old:
        raise InvalidModel(f"The model's last layer has {shape[head.axis]} outputs, but the model {old}.")
    shape[head.axis] = outputs
    bound = 1 / np.sqrt(weight.size / old)
    _set(graph, head.node.input[1], random.uniform(-bound, bound, shape))
    if head.node.op_type != "MatMul":
        _set_bias(graph, head.node, outputs, needed=normalized)
    for node in head.tail:
        _resize(graph, node, old, outputs)
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = outputs


def _axis(node: NodeProto) -> int:
    if node.op_type == "Gemm":
        return 0 if any(each.name == "transB" and each.i for each in node.attribute) else 1
    return 1 if node.op_type == "MatMul" else 0


def _set_bias(graph: GraphProto, node: NodeProto, outputs: int, *, needed: bool) -> None:
    has_bias = len(node.input) > 2 and node.input[2]  # noqa: PLR2004 data, weight, bias
    if needed and not has_bias:
        del node.input[2:]
        node.input.append(f"{node.input[1]}__bias")
        graph.initializer.add(name=node.input[2])
    if needed or has_bias:
        _set(graph, node.input[2], np.zeros(outputs))


def _resize(graph: GraphProto, node: NodeProto, old: int, outputs: int) -> None:
    """Let an addition after the head, or a reshape to a fixed size, fit the new number of outputs."""
    names = {each.name for each in graph.initializer}
    for name in node.input:
        if node.op_type == "Add" and name in names:
            _set(graph, name, np.zeros(outputs))
        elif node.op_type == "Reshape" and name == node.input[1] and name in names:
            shape = _weight(graph, name)
            shape[-1] = outputs if shape[-1] == old else shape[-1]
            _set(graph, name, shape, np.int64)


def _bypass(graph: GraphProto, node: NodeProto) -> None:
    """Remove a node with one data input; what it made is made by the node before it."""
    source, made = node.input[0], node.output[0]
    graph.node.remove(node)
    if made in {each.name for each in graph.output}:
        for other in graph.node:
            other.output[:] = [made if name == source else name for name in other.output]
            other.input[:] = [made if name == source else name for name in other.input]
    else:
        for other in graph.node:
            other.input[:] = [source if name == made else name for name in other.input]


def _weight(graph: GraphProto, name: str) -> NDArray[Any]:
    return np.array(numpy_helper.to_array(next(each for each in graph.initializer if each.name == name)))


def _set(graph: GraphProto, name: str, values: NDArray[Any], kind: type = np.float32) -> None:
    tensor = next(each for each in graph.initializer if each.name == name)
    tensor.CopyFrom(numpy_helper.from_array(values.astype(kind), name))
