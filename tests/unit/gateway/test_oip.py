"""The Open Inference Protocol, in JSON and in binary."""

import json
from typing import Any

import httpx
import numpy as np
import pytest

from gateway import oip
from gateway.schemas.oip import InferRequest
from services.shared.errors import InvalidRequest, NotFound

INFER = "/v2/models/screen/infer"
VALUES = np.arange(6, dtype="<f4").reshape(2, 3)


def asked(**more: Any) -> dict[str, Any]:
    return {
        "id": "42",
        "inputs": [{"name": "ecg", "shape": [2, 3], "datatype": "FP32", "data": VALUES.tolist(), **more}],
    }


async def test_the_server_describes_itself(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v2")).json()["name"] == "einthoven"
    assert (await http.get("/v2/health/live")).json() == {"live": True}
    assert (await http.get("/v2/health/ready")).json() == {"ready": True}


async def test_a_model_says_what_it_takes(http: httpx.AsyncClient) -> None:
    described = (await http.get("/v2/models/screen")).json()

    assert described["inputs"] == [{"name": "ecg", "datatype": "FP32", "shape": [-1, 12, 1000]}]
    assert described["versions"] == ["1"]


async def test_a_model_that_is_there_is_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v2/models/screen/versions/1/ready")).json() == {"name": "screen", "ready": True}


async def test_errors_have_the_protocol_s_shape(http: httpx.AsyncClient) -> None:
    absent = await http.get("/v2/models/absent")
    malformed = await http.post(INFER, json={"inputs": []})

    assert (absent.status_code, absent.json()) == (404, {"error": "There is no model 'absent'."})
    assert malformed.status_code == 400
    assert list(malformed.json()) == ["error"]


@pytest.mark.parametrize("data", [VALUES.tolist(), VALUES.ravel().tolist()])
async def test_tensors_come_flat_or_nested(http: httpx.AsyncClient, data: list[Any]) -> None:
    answer = (await http.post(INFER, json=asked(data=data))).json()

    assert answer["id"] == "42"
    assert answer["outputs"] == [
        {"name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]}
    ]


async def test_tensors_come_and_go_in_binary(http: httpx.AsyncClient) -> None:
    head = asked(parameters={"binary_data_size": 24})
    del head["inputs"][0]["data"]
    head["parameters"] = {"binary_data_output": True}
    text = json.dumps(head).encode()
    headers = {"Inference-Header-Content-Length": str(len(text)), "Content-Type": "application/octet-stream"}

    answer = await http.post(INFER, content=text + VALUES.tobytes(), headers=headers)

    length = int(answer.headers["inference-header-content-length"])
    assert json.loads(answer.content[:length])["outputs"][0]["parameters"] == {"binary_data_size": 24}
    assert np.array_equal(np.frombuffer(answer.content[length:], "<f4").reshape(2, 3), VALUES)


@pytest.mark.parametrize(
    "more",
    [
        {"datatype": "INT64"},
        {"shape": [2, 4]},
        {"shape": [-1, 6]},
        {"shape": []},
        {"data": [[1, 2], [3]]},
        {"data": ["a"] * 6},
        {"data": [10**400] * 6},
        {"data": None},
        {"parameters": {"binary_data_size": 24}},
        {"data": None, "parameters": {"binary_data_size": -1}},
        {"data": None, "parameters": {"binary_data_size": 99}},
    ],
)
async def test_tensors_that_do_not_fit_are_refused(http: httpx.AsyncClient, more: dict[str, Any]) -> None:
    answer = await http.post(INFER, json=asked(**more))

    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "99999"])
def test_a_header_length_that_is_none_is_refused(length: str) -> None:
    with pytest.raises(InvalidRequest):
        oip.parse(json.dumps(asked()).encode(), length)


def test_bytes_that_belong_to_no_tensor_are_refused() -> None:
    text = json.dumps(asked()).encode()

    with pytest.raises(InvalidRequest, match="do not fit"):
        oip.parse(text + b"more", str(len(text)))


def test_only_the_outputs_asked_for_are_given() -> None:
    request = InferRequest.model_validate({**asked(), "outputs": [{"name": "b"}]})

    answer = oip.respond(request, ("screen", "1", {"a": VALUES, "b": VALUES}))

    assert [output["name"] for output in json.loads(bytes(answer.body))["outputs"]] == ["b"]


def test_an_output_that_there_is_not_is_not_found() -> None:
    request = InferRequest.model_validate({**asked(), "outputs": [{"name": "c"}]})

    with pytest.raises(NotFound, match="no output 'c'"):
        oip.respond(request, ("screen", "1", {"a": VALUES}))
