"""Open Inference Protocol v2 over HTTP: tensors as JSON, or behind it in binary (the extension binary_tensor_data)."""

import asyncio
from typing import Any, Final

import numpy as np
from fastapi import Request, Response
from numpy.typing import NDArray
from pydantic import ValidationError

from gateway.convert.oip import Tensors
from gateway.errors import invalid
from gateway.schemas.oip import InferInput, InferOutput, InferRequest, InferResponse
from services.shared.errors import InvalidRequest, NotFound

HEADER_LENGTH: Final = "Inference-Header-Content-Length"
EXTENSIONS: Final = ["binary_tensor_data"]
_SLOW_BYTES: Final = 256 << 10
"""Longer bodies are read in a thread: the event loop has other callers."""


async def read(request: Request) -> tuple[InferRequest, Tensors]:
    """Return a request and its input tensors; raises InvalidRequest where they do not fit each other."""
    body = await request.body()
    header = request.headers.get(HEADER_LENGTH, "")
    if len(body) < _SLOW_BYTES:
        return parse(body, header)
    return await asyncio.to_thread(parse, body, header)


def parse(body: bytes, header_length: str) -> tuple[InferRequest, Tensors]:
    """Return a request and its input tensors from a body, of which the first `header_length` bytes are JSON."""
    end = _json_bytes(header_length, len(body))
    try:
        asked = InferRequest.model_validate_json(body[:end])
    except ValidationError as error:
        raise invalid(error.errors(include_input=False, include_url=False)) from None
    binary, tensors = memoryview(body)[end:], Tensors()
    for tensor in asked.inputs:
        size = _binary_size(tensor)
        tensors[tensor.name] = _array(tensor, binary[:size] if size is not None else None)
        binary = binary[size or 0 :]
    if len(binary) or len(tensors) != len(asked.inputs):
        raise InvalidRequest("The binary tensors do not fit the JSON before them, or an input is given twice.")
    return asked, tensors


def respond(asked: InferRequest, ran: tuple[str, str, Tensors]) -> Response:
    """Return the outputs that were asked for, or all: in JSON, or in binary where that was asked for."""
    name, version, tensors = ran
    wanted = {output.name: output.parameters for output in asked.outputs} or {key: {} for key in tensors}
    if missing := sorted(set(wanted) - set(tensors)):
        raise NotFound(f"The model has no output {missing[0]!r}; it has {', '.join(map(repr, tensors))}.")
    default = asked.parameters.get("binary_data_output") is True
    told, blobs = [], list[bytes]()
    for key, parameters in wanted.items():
        values = np.ascontiguousarray(tensors[key], dtype="<f4")
        as_binary = parameters.get("binary_data", default) is True
        if as_binary:
            blobs.append(values.tobytes())
        told.append(_output(key, values, as_binary=as_binary))
    answer = InferResponse(model_name=name, model_version=version, id=asked.id, outputs=told)
    text = answer.model_dump_json(exclude_none=True, exclude_defaults=True).encode()
    if not blobs:
        return Response(text, media_type="application/json")
    headers = {HEADER_LENGTH: str(len(text))}
    return Response(b"".join([text, *blobs]), media_type="application/octet-stream", headers=headers)


def _json_bytes(header_length: str, body_bytes: int) -> int:
    if not header_length:
        return body_bytes
    digits = header_length.isascii() and header_length.isdigit() and len(header_length) <= len(str(body_bytes))
    if not digits or int(header_length) > body_bytes:
        raise InvalidRequest(f"{HEADER_LENGTH} is the number of bytes of the JSON before the binary tensors.")
    return int(header_length)


def _output(name: str, values: NDArray[np.float32], *, as_binary: bool) -> InferOutput:
    told: dict[str, Any] = {"parameters": {"binary_data_size": values.nbytes}} if as_binary else {}
    if not as_binary:
        told["data"] = values.ravel().tolist()
    return InferOutput.model_construct(name=name, shape=list(values.shape), datatype="FP32", **told)


def _binary_size(tensor: InferInput) -> int | None:
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or tensor.data is not None:
        raise InvalidRequest(f"The input {tensor.name!r} has data, or a number of bytes as binary_data_size: not both.")
    return size


def _array(tensor: InferInput, binary: memoryview | None) -> NDArray[np.float32]:
    if tensor.datatype != "FP32":
        raise InvalidRequest(f"The input {tensor.name!r} is {tensor.datatype}; models take FP32.")
    if min(tensor.shape) < 0:
        raise InvalidRequest(f"The input {tensor.name!r} has a negative length in its shape {tensor.shape}.")
    try:
        if binary is not None:
            values: NDArray[np.float32] = np.frombuffer(binary, dtype="<f4")
        else:
            values = np.asarray(tensor.data if tensor.data is not None else [], dtype=np.float32)
        return values.reshape(tensor.shape)
    except (ValueError, TypeError, OverflowError):
        raise InvalidRequest(f"The data of the input {tensor.name!r} does not fit its shape {tensor.shape}.") from None
