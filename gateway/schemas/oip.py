"""The Open Inference Protocol, version 2, as JSON (https://github.com/kserve/open-inference-protocol)."""

from typing import Any

from pydantic import ConfigDict, Field

from gateway.schemas import Schema

Data = list[Any]
"""Flat or nested, row-major; checked against the shape when it becomes an array."""


class OipSchema(Schema):
    """Extensions may add fields to anything; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")


class OipError(OipSchema):
    """How errors look to Open Inference clients."""

    model_config = ConfigDict(json_schema_extra={"example": {"error": "There is no model 'stroke-screen'."}})

    error: str


class ServerMetadata(OipSchema):
    """Who answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "einthoven", "version": "0.1.0", "extensions": ["binary_tensor_data"]},
        }
    )

    name: str
    version: str
    extensions: list[str]


class ServerLive(OipSchema):
    """The process is alive."""

    model_config = ConfigDict(json_schema_extra={"example": {"live": True}})

    live: bool


class ServerReady(OipSchema):
    """Whether the models can be asked."""

    model_config = ConfigDict(json_schema_extra={"example": {"ready": True}})

    ready: bool


class TensorMetadata(OipSchema):
    """One input or output of a model."""

    name: str
    datatype: str
    shape: list[int] = Field(description="-1 where it is free.")


class ModelMetadata(OipSchema):
    """What a model takes and gives."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "stroke-screen",
                "versions": ["3"],
                "platform": "onnx_onnxv1",
                "inputs": [{"name": "ecg", "datatype": "FP32", "shape": [-1, 12, 1000]}],
                "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 5]}],
            }
        }
    )

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelReady(OipSchema):
    """Whether a model can be asked."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "stroke-screen", "ready": True}})

    name: str
    ready: bool


class InferInput(OipSchema):
    """One input tensor."""

    name: str
    shape: list[int] = Field(min_length=1, max_length=8)
    datatype: str
    parameters: dict[str, Any] = Field(default={})
    data: Data | None = Field(default=None, description="Absent where the tensor follows in binary.")


class InferRequestedOutput(OipSchema):
    """One output that the caller wants."""

    name: str
    parameters: dict[str, Any] = Field(default={})


class InferRequest(OipSchema):
    """Prepared tensors for a model."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "42",
                "inputs": [{"name": "ecg", "shape": [1, 12, 2], "datatype": "FP32", "data": [0.0] * 24}],
            }
        }
    )

    id: str | None = None
    parameters: dict[str, Any] = Field(default={})
    inputs: list[InferInput] = Field(min_length=1, max_length=16)
    outputs: list[InferRequestedOutput] = Field(default=[], max_length=16)


class InferOutput(OipSchema):
    """One output tensor."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = Field(default={})
    data: Data | None = None


class InferResponse(OipSchema):
    """What the model gives."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model_name": "stroke-screen",
                "model_version": "3",
                "id": "42",
                "outputs": [{"name": "logits", "shape": [1, 2], "datatype": "FP32", "data": [0.1, -1.2]}],
            }
        }
    )

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[InferOutput]
