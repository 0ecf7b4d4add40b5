"""Models that cannot be taken: each is refused in a sentence, and nothing of it stays."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from tests.integration.cramped import GATEWAY_BYTES, Cramped, eventually, problem, sentence
from tests.unit.services.exchange import onnx_models

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

SOUND = onnx_models.document()


def with_metadata(**entries: str) -> bytes:
    return onnx_models.document(metadata=list(entries.items()))


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not an ONNX model"),
    "garbage": (np.random.default_rng(1).bytes(4000), "not an ONNX model"),
    "a pickle": (b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os\x94.", "not an ONNX model"),
    "a cut file": (SOUND[:-200], "truncated"),
    "weights in another file": (onnx_models.with_external_data(), "lie in another file. Save the model with"),
    "weights in another file, hidden": (onnx_models.with_external_data_in_a_subgraph(), "lie in another file"),
    "an unknown operator": (onnx_models.with_node(helper.make_node("Oracle", ["ecg"], ["y"])), "ONNX's own: Oracle"),
    "an operator of somebody's": (
        onnx_models.with_node(helper.make_node("Gelu", ["ecg"], ["y"], domain="com.example"), "com.example"),
        "com.example.Gelu",
    ),
    "functions": (onnx_models.with_functions(), "Inline them"),
    "a graph that does not connect": (onnx_models.with_broken_topology(), "ONNX checker refuses"),
    "a set of operators from the future": (onnx_models.document(opset=25), "operator set 25; 7 to 20"),
    "two inputs": (onnx_models.with_two_inputs(), "2 inputs (age, ecg); expected one"),
    "one lead": (onnx_models.document(input_shape=("N", 1, 1000)), "takes 1 lead"),
    "an image": (onnx_models.document(input_shape=("N", 3, 224, 224)), "expected float32 of shape [N, 12, samples]"),
    "a fixed batch": (onnx_models.document(input_shape=(7, 12, 1000)), "free first dimension"),
    "no classes": (onnx_models.document(output_shape=("N", 12, 1000)), "[N, classes]"),
    "metadata that are code": (with_metadata(target_keys="__import__('os').abort()"), "it is not evaluated"),
    "metadata without end": (with_metadata(target_keys="[" * 5000 + "]" * 5000), "it is not evaluated"),
    "an impossible rate": (with_metadata(sampling_rate="-5"), "-5 Hz, which is impossible"),
    "an infinite rate": (with_metadata(sampling_rate="1e999"), "impossible"),
    "an unknown normalisation": (with_metadata(standardizer="rm -rf /"), "must be one of None, minMax, meanStd"),
    "too many classes": (with_metadata(target_keys=str(list("abcdefgh"))), "8 classes, but its output 'scores' has 3"),
    "the same class twice": (with_metadata(target_keys="['a', 'a', 'b']"), "same name"),
    "a class of a megabyte": (with_metadata(target_keys=str(["a" * (1 << 20), "b", "c"])), "at most 262144 are read"),
    "a class of a page": (with_metadata(target_keys=str(["a" * 4000, "b", "c"])), "at most 200 characters"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_model_is_refused_and_leaves_nothing(cramped_platform: Cramped, kind: str) -> None:
    onnx, expected = REFUSED[kind]
    before = cramped_platform.objects()

    answer = cramped_platform.client.post("/models", data={"name": "bad"}, files={"file": ("m.onnx", onnx)})

    assert expected in problem(answer, 422, "INVALID_MODEL")
    assert cramped_platform.client.get("/models/bad").status_code == 404
    assert eventually(lambda: cramped_platform.objects() == before)


def test_a_model_that_is_too_large_is_refused(cramped_platform: Cramped) -> None:
    before = cramped_platform.objects()

    answer = cramped_platform.client.post(
        "/models", data={"name": "bad"}, files={"file": ("m.onnx", SOUND + bytes(GATEWAY_BYTES))}
    )

    assert "larger than 2097152 bytes" in problem(answer, 413, "TOO_LARGE")
    assert eventually(lambda: cramped_platform.objects() == before)


@pytest.mark.parametrize(
    ("fields", "status", "code", "expected"),
    [
        ({}, 400, "INVALID_REQUEST", "name: Field required"),
        ({"name": "../../etc"}, 400, "INVALID_REQUEST", "name"),
        ({"name": "m" * 64}, 400, "INVALID_REQUEST", "name"),
        ({"name": "bad", "version": "../1"}, 400, "INVALID_REQUEST", "version"),
        ({"name": "bad", "manifest": "{"}, 422, "INVALID_MODEL", "Invalid JSON"),
        ({"name": "bad", "manifest": '{"name": 1}'}, 422, "INVALID_MODEL", "input: Field required"),
        ({"name": "bad", "colour": "red"}, 400, "INVALID_REQUEST", "colour: Extra inputs"),
    ],
)
def test_a_bad_description_is_refused(
    cramped_platform: Cramped, fields: dict[str, str], status: int, code: str, expected: str
) -> None:
    before = cramped_platform.objects()

    answer = cramped_platform.client.post("/models", data=fields, files={"file": ("m.onnx", SOUND)})

    assert expected in problem(answer, status, code)
    assert eventually(lambda: cramped_platform.objects() == before)


def test_a_version_never_changes(cramped_platform: Cramped) -> None:
    request: dict[str, Any] = {"data": {"name": "kept", "version": "1"}}
    made = cramped_platform.client.post("/models", **request, files={"file": ("m.onnx", SOUND)})
    before = cramped_platform.objects()

    again = cramped_platform.client.post("/models", **request, files={"file": ("m.onnx", with_metadata(a="b"))})

    assert made.status_code == 201
    assert "versions never change" in problem(again, 409, "ALREADY_EXISTS")
    assert cramped_platform.client.get("/models/kept/1/onnx").content == SOUND
    assert eventually(lambda: cramped_platform.objects() == before)


def test_metadata_are_text_whatever_they_say(cramped_platform: Cramped, tmp_path: Path) -> None:
    hostile = ["<script>alert(1)</script>", "'; DROP TABLE exchange_models; --", "{{7*7}}"]
    onnx = with_metadata(target_keys=json.dumps(hostile), author="\0\x1b[2J")

    made = cramped_platform.client.post("/models", data={"name": "hostile"}, files={"file": ("m.onnx", onnx)})

    assert made.status_code == 201, made.text
    assert [each["name"] for each in made.json()["manifest"]["output"]["classes"]] == hostile
    assert made.headers["content-type"] == "application/json"
    assert cramped_platform.client.get("/models").status_code == 200


TENSOR = {"name": "ecg", "shape": [1, 12, 1000], "datatype": "FP32", "data": [0.0] * 12_000}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"shape": [1, 12, 2], "data": [0.0] * 24}, "expected [-1, 12, 1000]"),
        ({"data": [0.0] * 24}, "does not fit its shape"),
        ({"shape": [-1, 12, 1000]}, "negative length"),
        ({"shape": [1 << 40, 12, 1000], "data": []}, "does not fit its shape"),
        ({"datatype": "BYTES"}, "models take FP32"),
        ({"name": "eeg"}, "expected 'ecg' alone"),
        ({"data": ["zero"] * 12_000}, "does not fit its shape"),
        ({"data": None}, "data"),
        ({"parameters": {"binary_data_size": 48_000}}, "binary"),
    ],
)
def test_a_bad_tensor_is_refused(cramped_platform: Cramped, wrong: dict[str, Any], expected: str) -> None:
    cramped_platform.client.post("/models", data={"name": "oip", "version": "1"}, files={"file": ("m.onnx", SOUND)})
    body = {"inputs": [{key: value for key, value in (TENSOR | wrong).items() if value is not None}]}
    url = str(cramped_platform.client.base_url).replace("/api/v1/", "/v2/models/oip/infer")

    answer = cramped_platform.client.post(url, json=body)

    assert answer.status_code == 400, answer.text
    assert expected in sentence(answer.json()["error"])


def test_a_tensor_that_is_no_number_gives_no_number(cramped_platform: Cramped) -> None:
    cramped_platform.client.post("/models", data={"name": "oip", "version": "1"}, files={"file": ("m.onnx", SOUND)})
    url = str(cramped_platform.client.base_url).replace("/api/v1/", "/v2/models/oip/infer")
    body = json.dumps({"inputs": [TENSOR | {"data": [math.nan] * 12_000}]})

    answer = cramped_platform.client.post(url, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400, answer.text
    assert "NaN or infinite" in sentence(answer.json()["error"])
