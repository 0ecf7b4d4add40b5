"""Deciding whether an ONNX file is a model that this platform can run, and saying why where it is not."""

from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto

from services.exchange.onnx_file.facts import FinalOperator, InputFacts, ModelFacts, OutputFacts
from services.exchange.onnx_file.graphs import nodes, tensors
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidModel
from services.shared.model_contract import MAX_SAMPLES

OLDEST_OPSET: Final = 7
NEWEST_OPSET: Final = 20
STANDARD_DOMAINS: Final = ("", "ai.onnx")
MAX_METADATA_KEYS: Final = 1_000
INPUT_RANK: Final = 3
OUTPUT_RANK: Final = 2


def inspect(document: bytes) -> ModelFacts:
    """Return what an ONNX file says of itself; raises InvalidModel naming what is wrong with it.

    Costs CPU and a copy of the file in memory: call it in a thread.
    """
    model = _parse(document)
    opset = _opset(model)
    _refuse_foreign_operators(model, opset)
    _refuse_external_data(model)
    metadata, contradictory = _metadata(model)
    # The checker refuses keys that come twice, which exist in the field and do no harm.
    model.ClearField("metadata_props")
    _check(model)
    return ModelFacts(opset, _input(model.graph), _output(model), metadata, contradictory)


def _parse(document: bytes) -> ModelProto:
    try:
        model = onnx.load_from_string(document)
    except DecodeError:
        model = ModelProto()
    if not model.graph.node:
        raise InvalidModel("The file is not an ONNX model, or it is truncated. Send the .onnx file as it was exported.")
    return model


def _opset(model: ModelProto) -> int:
    versions = [each.version for each in model.opset_import if each.domain in STANDARD_DOMAINS]
    if len(versions) != 1:
        raise InvalidModel("The model does not say which ONNX operator set it uses. Export it again.")
    if not OLDEST_OPSET <= versions[0] <= NEWEST_OPSET:
        raise InvalidModel(
            f"The model uses ONNX operator set {versions[0]}; {OLDEST_OPSET} to {NEWEST_OPSET} can be run here. "
            f"Export it with opset_version={NEWEST_OPSET} or lower."
        )
    return int(versions[0])


def _refuse_foreign_operators(model: ModelProto, opset: int) -> None:
    if model.functions:
        raise InvalidModel("The model brings functions of its own. Inline them (onnx.inliner) before sending it.")
    foreign = {f"{node.domain}.{node.op_type}" for node in nodes(model) if node.domain not in STANDARD_DOMAINS}
    unknown = {
        node.op_type
        for node in nodes(model)
        if node.domain in STANDARD_DOMAINS and not onnx.defs.has(node.op_type, opset, "")
    }
    if foreign or unknown:
        raise InvalidModel(
            f"The model uses operators that are not ONNX's own: {_named(foreign | unknown)}. "
            "Export it with standard operators only."
        )


def _refuse_external_data(model: ModelProto) -> None:
    for tensor in tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise InvalidModel(
                f"The weights {tensor.name[:80]!r} lie in another file. Save the model with its weights inside "
                "(onnx.save_model with save_as_external_data=False)."
            )


def _check(model: ModelProto) -> None:
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        first = str(error).strip().splitlines()[0]
        raise InvalidModel(f"The ONNX checker refuses the model: {first[:300]}") from None


def _metadata(model: ModelProto) -> tuple[dict[str, str], tuple[str, ...]]:
    if len(model.metadata_props) > MAX_METADATA_KEYS:
        raise InvalidModel(f"The model has more than {MAX_METADATA_KEYS} metadata keys.")
    metadata: dict[str, str] = {}
    contradictory = []
    for entry in model.metadata_props:
        if metadata.get(entry.key, entry.value) != entry.value:
            contradictory.append(entry.key)
        metadata[entry.key] = entry.value
    return metadata, tuple(contradictory)


def _input(graph: GraphProto) -> InputFacts:
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in stored]
    if len(inputs) != 1:
        raise InvalidModel(
            f"The model has {len(inputs)} inputs ({_named({each.name for each in inputs})}); expected one: the ECG."
        )
    shape = _shape(inputs[0])
    is_float = inputs[0].type.tensor_type.elem_type == TensorProto.FLOAT
    if not is_float or shape is None or len(shape) != INPUT_RANK:
        raise InvalidModel(
            f"The input {inputs[0].name!r} is {_described(inputs[0])}; expected float32 of shape [N, 12, samples]."
        )
    return _ecg_input(inputs[0], shape)


def _ecg_input(value: ValueInfoProto, shape: list[int | None]) -> InputFacts:
    batch, leads, samples = shape
    if leads is not None and leads != len(STANDARD_LEADS):
        raise InvalidModel(
            f"The input {value.name!r} takes {leads} lead{'s' if leads != 1 else ''} ({_described(value)}); "
            f"this platform runs models of 12-lead ECGs: [N, 12, samples]."
        )
    if batch not in (None, 1):
        raise InvalidModel(f"The model takes exactly {batch} ECGs at a time. Export it with a free first dimension.")
    if samples is not None and not 1 <= samples <= MAX_SAMPLES:
        raise InvalidModel(f"The model takes {samples} samples per lead; expected 1 to {MAX_SAMPLES}.")
    return InputFacts(value.name, samples, fixed_batch=batch == 1)


def _output(model: ModelProto) -> OutputFacts:
    outputs = list(model.graph.output)
    scores = next((each for each in outputs if _is_scores(each)), None)
    if scores is None:
        told = "; ".join(f"{each.name[:40]!r} is {_described(each)}" for each in outputs[:5])
        raise InvalidModel(f"No output of the model is float32 of shape [N, classes]: {told}.")
    classes = (_shape(scores) or [])[1] or _inferred_classes(model, scores.name)
    others = tuple(each.name for each in outputs if each.name != scores.name)
    return OutputFacts(scores.name, classes, _final_operator(model.graph, scores.name), others)


def _inferred_classes(model: ModelProto, output: str) -> int | None:
    try:
        inferred = onnx.shape_inference.infer_shapes(model)
    except onnx.shape_inference.InferenceError as error:
        raise InvalidModel(f"The shapes in the model contradict each other: {str(error)[:300]}") from None
    shape = next((_shape(each) for each in inferred.graph.output if each.name == output), None)
    return shape[1] if shape is not None and len(shape) == OUTPUT_RANK else None


def _is_scores(value: ValueInfoProto) -> bool:
    shape = _shape(value)
    is_float = value.type.tensor_type.elem_type == TensorProto.FLOAT
    return is_float and shape is not None and len(shape) == OUTPUT_RANK and shape[1] != 0


def _final_operator(graph: GraphProto, output: str) -> FinalOperator:
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    operator = made_by.get(output, "")
    return "Softmax" if operator == "Softmax" else "Sigmoid" if operator == "Sigmoid" else "other"


def _shape(value: ValueInfoProto) -> list[int | None] | None:
    """Return the dimensions, None for a free one; None where the file states no shape."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [int(each.dim_value) if each.HasField("dim_value") else None for each in tensor.shape.dim]


def _described(value: ValueInfoProto) -> str:
    known = TensorProto.DataType.values()
    kind = value.type.tensor_type.elem_type
    word = TensorProto.DataType.Name(kind).lower() if kind in known else "of an unknown type"
    shape = _shape(value)
    return f"{word} {'of no stated shape' if shape is None else [each if each is not None else 'N' for each in shape]}"


def _named(names: set[str]) -> str:
    told = sorted(names)[:10]
    return ", ".join(each[:60] for each in told) + (" …" if len(names) > len(told) else "")
