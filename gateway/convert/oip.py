"""Open Inference tensors and model descriptions."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from einthoven.inference.v1 import inference_pb2 as pb
from gateway.convert.models import ref
from gateway.schemas.oip import ModelMetadata, TensorMetadata
from services.shared.rpc.convert import tensor_from_pb, tensor_to_pb

PLATFORM = "onnx_onnxv1"

Tensors = dict[str, NDArray[np.float32]]
"""Arrays by name, in the model's order."""


def infer(name: str, version: str, inputs: Tensors) -> pb.InferRequest:
    """Ask for raw outputs."""
    tensors = [pb.NamedTensor(name=key, tensor=tensor_to_pb(value)) for key, value in inputs.items()]
    return pb.InferRequest(model=ref(name, version), inputs=tensors)


def outputs(message: pb.InferResponse) -> tuple[str, str, Tensors]:
    """Return the name and version of the model that ran, and what it gave."""
    tensors = {item.name: tensor_from_pb(item.tensor) for item in message.outputs}
    return message.model.name, message.model.version, tensors


def describe(name: str, version: str) -> pb.DescribeModelRequest:
    """Ask what a model takes and gives."""
    return pb.DescribeModelRequest(model=ref(name, version))


def metadata(message: pb.DescribeModelResponse) -> ModelMetadata:
    """Return what a model takes and gives."""
    return ModelMetadata(
        name=message.model.name,
        versions=[message.model.version],
        platform=PLATFORM,
        inputs=_specs(message.inputs),
        outputs=_specs(message.outputs),
    )


def _specs(messages: Iterable[pb.TensorSpec]) -> list[TensorMetadata]:
    return [TensorMetadata(name=item.name, datatype=item.datatype, shape=list(item.shape)) for item in messages]
