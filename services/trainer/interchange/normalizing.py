"""One form for models of every origin: opset 17, batch normalization for inference, each weight used once, any batch.

What exporters do differently is undone here, so that what follows need not know it.
"""

from collections import Counter
from typing import Final

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, inliner, numpy_helper, version_converter

from services.shared.errors import InvalidModel
from services.trainer.interchange.reading import DEFAULT_DOMAINS, check_ends, graph_input

OPSET: Final = 17
"""What onnx2torch reads best."""
BATCH: Final = "N"


def normalize(model: ModelProto) -> ModelProto:
    """Return the same model in the one form; raises InvalidModel where it has none."""
    normal = (
        inliner.inline_local_functions(model) if model.functions else ModelProto.FromString(model.SerializeToString())
    )
    _drop_weights_from_inputs(normal)
    _fix_batch_normalization(normal)
    normal = _convert_version(normal)
    _hoist_constants(normal)
    _resolve_identities(normal)
    _untie_weights(normal)
    drop_unused(normal)
    _fold_gemm_factors(normal)
    _free_batch(normal)
    check_ends(normal.graph)
    return normal


def drop_unused(model: ModelProto) -> None:
    """Remove weights and constants that no node uses any more."""
    graph = model.graph
    used = {name for node in graph.node for name in node.input} | {each.name for each in graph.output}
    for weight in [each for each in graph.initializer if each.name not in used]:
        graph.initializer.remove(weight)
    for node in [each for each in graph.node if each.op_type == "Constant" and each.output[0] not in used]:
        graph.node.remove(node)


def _drop_weights_from_inputs(model: ModelProto) -> None:
    name = graph_input(model.graph).name
    for each in [each for each in model.graph.input if each.name != name]:
        model.graph.input.remove(each)


def _fix_batch_normalization(model: ModelProto) -> None:
    """Undo an export in training mode, in which every answer would depend on the rest of its batch."""
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            del node.output[1:]
            for attribute in [each for each in node.attribute if each.name in {"training_mode", "is_test", "spatial"}]:
                node.attribute.remove(attribute)


def _convert_version(model: ModelProto) -> ModelProto:
    if any(each.version == OPSET for each in model.opset_import if each.domain in DEFAULT_DOMAINS):
        return model
    try:
        return version_converter.convert_version(model, OPSET)
    except (RuntimeError, onnx.checker.ValidationError) as error:
        raise InvalidModel(
            f"The model cannot be brought to ONNX opset {OPSET}, which training needs; export it with that opset."
        ) from error


def _hoist_constants(model: ModelProto) -> None:
    """Make weights that are written as Constant nodes initializers."""
    for node in [each for each in model.graph.node if each.op_type == "Constant"]:
        tensor = next((each.t for each in node.attribute if each.name == "value"), None)
        if tensor is not None and tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) > 1:
            weight = model.graph.initializer.add()
            weight.CopyFrom(tensor)
            weight.name = node.output[0]
            model.graph.node.remove(node)


def _resolve_identities(model: ModelProto) -> None:
    """Undo what exporters do with equal weights: one of them and Identity nodes for the others."""
    weights = {each.name: each for each in model.graph.initializer}
    ends = {each.name for each in model.graph.output}
    for node in [each for each in model.graph.node if each.op_type == "Identity"]:
        if node.input[0] in weights and node.output[0] not in ends:
            copy = model.graph.initializer.add()
            copy.CopyFrom(weights[node.input[0]])
            copy.name = node.output[0]
            weights[copy.name] = copy
            model.graph.node.remove(node)


def _untie_weights(model: ModelProto) -> None:
    """Give every node weights of its own."""
    graph = model.graph
    uses = Counter(name for node in graph.node for name in node.input)
    weights = {each.name: each for each in graph.initializer}
    for node in graph.node:
        for position, name in enumerate(node.input):
            if uses[name] > 1 and name in weights and weights[name].data_type == TensorProto.FLOAT:
                uses[name] -= 1
                copy = graph.initializer.add()
                copy.CopyFrom(weights[name])
                copy.name = node.input[position] = f"{name}__{uses[name]}"


def _fold_gemm_factors(model: ModelProto) -> None:
    """Multiply alpha and beta into the weights, so that weights can be written back as they are."""
    weights = {each.name: each for each in model.graph.initializer}
    for node in (each for each in model.graph.node if each.op_type == "Gemm"):
        for factor, position in (("alpha", 1), ("beta", 2)):
            if position < len(node.input) and (weight := weights.get(node.input[position])) is not None:
                _scale(node, factor, weight)


def _scale(node: NodeProto, factor: str, weight: TensorProto) -> None:
    attribute = next((each for each in node.attribute if each.name == factor), None)
    if attribute is not None:
        scaled = np.asarray(numpy_helper.to_array(weight) * np.float32(attribute.f), np.float32)
        weight.CopyFrom(numpy_helper.from_array(scaled, weight.name))
        node.attribute.remove(attribute)


def _free_batch(model: ModelProto) -> None:
    """Take any number of ECGs; that the graph really does is proven later."""
    for end in (graph_input(model.graph), *model.graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = BATCH
    del model.graph.value_info[:]
