"""Bytes of unknown origin to a checked ONNX model that takes 12 leads."""

from collections.abc import Iterator
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto

from services.shared.errors import InvalidModel, TooLarge

MAX_MODEL_BYTES: Final = 1 << 30
MAX_OPSET: Final = 20
LEADS: Final = 12
DEFAULT_DOMAINS: Final = ("", "ai.onnx")

_INPUT_RANK: Final = 3
_OUTPUT_RANK: Final = 2


def read_model(data: bytes) -> ModelProto:
    """Read an ONNX model; raises TooLarge, or InvalidModel naming what is wrong with it."""
    if len(data) > MAX_MODEL_BYTES:
        raise TooLarge(f"The model has {len(data)} bytes; at most {MAX_MODEL_BYTES} are read.")
    try:
        model = ModelProto.FromString(data)
    except DecodeError:
        raise InvalidModel("The file is not an ONNX model.") from None
    _refuse_external_data(model)
    _refuse_opset(model)
    # Files in the field carry keys twice, which the checker refuses; the last one counts.
    onnx.helper.set_model_props(model, {each.key: each.value for each in model.metadata_props})
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise InvalidModel("The ONNX checker refuses the model; export it again from its framework.") from error
    check_ends(model.graph)
    return model


def input_samples(graph: GraphProto) -> int | None:
    """Return the length of the model's input in samples, or None where any is taken."""
    return _shape(graph_input(graph))[2]


def output_size(graph: GraphProto) -> int:
    """Return how many outputs the model has per ECG."""
    size = _shape(graph.output[0])[1]
    if size is None:
        raise InvalidModel("The model does not state how many outputs it has; export it with a fixed output size.")
    return size


def graph_input(graph: GraphProto) -> ValueInfoProto:
    """Return the one input that is no weight."""
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        raise InvalidModel(f"The model has {len(inputs)} inputs; one is expected, the ECG.")
    return inputs[0]


def check_ends(graph: GraphProto) -> None:
    """Raise InvalidModel unless the graph takes float32 (N, 12, samples) and gives one float32 (N, outputs)."""
    ecg = graph_input(graph)
    shape = _shape(ecg)
    if len(shape) != _INPUT_RANK or shape[1] != LEADS:
        told = " x ".join("N" if length is None else str(length) for length in shape) or "no shape"
        raise InvalidModel(f"The model takes {told}; a 12-lead model takes N x {LEADS} x samples.")
    if len(graph.output) != 1:
        raise InvalidModel(f"The model has {len(graph.output)} outputs; one is expected, the logits.")
    if len(_shape(graph.output[0])) != _OUTPUT_RANK:
        raise InvalidModel("The model's output is not N x classes.")
    for end in (ecg, graph.output[0]):
        if end.type.tensor_type.elem_type != TensorProto.FLOAT:
            raise InvalidModel(f"{end.name[:80]!r} of the model is not float32; convert the model to float32.")


def _shape(value: ValueInfoProto) -> list[int | None]:
    dims = value.type.tensor_type.shape.dim
    return [each.dim_value if each.HasField("dim_value") and each.dim_value > 0 else None for each in dims]


def _refuse_opset(model: ModelProto) -> None:
    opset = max((each.version for each in model.opset_import if each.domain in DEFAULT_DOMAINS), default=0)
    if not 1 <= opset <= MAX_OPSET:
        raise InvalidModel(
            f"The model uses ONNX opset {opset}; at most {MAX_OPSET} is supported. Export it with a lower opset."
        )


def _refuse_external_data(model: ModelProto) -> None:
    if any(each.data_location == TensorProto.EXTERNAL for each in _tensors(model)):
        raise InvalidModel("The model keeps weights in files beside it; save it as one file with its weights inside.")


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    graphs = [model.graph]
    while graphs:
        graph = graphs.pop()
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for attribute in (each for node in graph.node for each in node.attribute):
            yield from (attribute.t, *attribute.tensors)
            graphs += [each for each in (attribute.g, *attribute.graphs) if each.node or each.initializer]
