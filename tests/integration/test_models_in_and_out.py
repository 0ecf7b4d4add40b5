"""A published model comes in, is trained in both ways, and goes out again as a model that others can read."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from services.shared.ecg import STANDARD_LEADS
from tests.e2e.journey import ECGS_PER_KIND, KINDS, Journey, Json
from tests.integration.cramped import problem

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(240)]

BASE = "xception-untrained"
LAST_LAYER = "head.3."
"""A convolution to two classes and its normalisation, which the new head takes the place of."""
MODES = ("head_only", "all_layers")


@pytest.fixture(scope="module")
def journey(platform_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        yield Journey(client, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def foreign(data_dir: Path) -> bytes:
    return (data_dir / "formats/onnx/XceptionTime_untrained.onnx").read_bytes()


@pytest.fixture(scope="module")
def imported(journey: Journey, foreign: bytes) -> Json:
    return journey.import_model(BASE, foreign)


@pytest.fixture(scope="module")
def dataset_id(journey: Journey) -> str:
    return journey.dataset("models in and out")


@pytest.fixture(scope="module", params=MODES)
def trained(request: pytest.FixtureRequest, journey: Journey, imported: Json, dataset_id: str) -> Json:
    """The training that went on from the published model."""
    asked = journey.answer(
        "POST",
        "/trainings",
        json={
            "model_name": f"from-{BASE}",
            "dataset_id": dataset_id,
            "base_model": {"name": BASE},
            "mode": request.param,
            "max_epochs": 1,
            "batch_size": 8,
            "learning_rate": 0.001,
        },
    )
    training = journey.ended(asked["training_id"])
    assert training["state"] == "succeeded", training["error"]
    return training


def test_a_published_model_comes_in_as_it_is(journey: Journey, foreign: bytes, imported: Json) -> None:
    files = {each["file_name"]: each["sha256"] for each in imported["files"]}
    onnx_file = journey.client.get(f"/models/{BASE}/1/onnx")
    manifest = journey.client.get(f"/models/{BASE}/1/manifest")

    assert onnx_file.content == foreign
    assert files["model.onnx"] == _sha256(onnx_file) == manifest.json()["files"]["model.onnx"]["sha256"]
    assert files["manifest.json"] == _sha256(manifest)
    assert imported["origin"] == "import"
    assert manifest.json()["input"]["samples"] == 1000
    assert manifest.json()["remarks"], "what was assumed is said"


def test_what_was_trained_says_what_it_is(journey: Journey, imported: Json, trained: Json) -> None:
    model = _model(journey, trained)
    manifest = journey.client.get(f"{_path(trained)}/manifest").json()
    onnx_file = journey.client.get(f"{_path(trained)}/onnx")
    base_sha256 = next(each["sha256"] for each in imported["files"] if each["file_name"] == "model.onnx")

    assert model["origin"] == "training"
    assert {each["file_name"]: each["sha256"] for each in model["files"]}["model.onnx"] == _sha256(onnx_file)
    assert manifest["files"]["model.onnx"]["sha256"] == _sha256(onnx_file)
    assert tuple(manifest["input"]["leads"]) == STANDARD_LEADS
    assert len(manifest["output"]["classes"]) == len(KINDS)
    assert base_sha256 in json.dumps(manifest["lineage"])


def test_what_was_trained_goes_out_as_an_onnx_file_for_everyone(journey: Journey, trained: Json) -> None:
    document = journey.client.get(f"{_path(trained)}/onnx").content

    model = onnx.load_from_string(document)
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    session = onnxruntime.InferenceSession(document, providers=["CPUExecutionProvider"])
    shapes = [_run(session, batch) for batch in (1, 3)]

    assert max(each.version for each in model.opset_import if not each.domain) <= 20
    assert json.loads(metadata["target_keys"]) == _class_names(journey, trained)
    assert metadata["sampling_rate"] == "100"
    assert metadata["scale"] in {"milliVolt", "mikroVolt"}
    assert metadata["standardizer"] in {"None", "minMax", "meanStd"}
    assert shapes == [(1, len(KINDS)), (3, len(KINDS))]


def test_only_what_should_learn_has_learned(journey: Journey, foreign: bytes, trained: Json) -> None:
    before, after = (_weights(document) for document in (foreign, journey.client.get(f"{_path(trained)}/onnx").content))
    kept = {name for name, values in before.items() if name in after and np.array_equal(values, after[name])}

    changed = before.keys() - kept

    assert changed
    if trained["spec"]["mode"] == "head_only":
        assert all(name.startswith(LAST_LAYER) for name in changed)
    else:
        assert len(changed) > len(before) / 2


def test_what_was_trained_predicts_and_reports(journey: Journey, dataset_id: str, trained: Json) -> None:
    answer = journey.answer("POST", "/predictions", json={"model": trained["model"], "dataset_id": dataset_id})
    report = journey.client.get(f"{_path(trained)}/report").json()

    assert len(answer["predictions"]) == ECGS_PER_KIND * len(KINDS)
    assert all(each["error"] is None for each in answer["predictions"])
    assert all(abs(sum(score["value"] for score in each["scores"]) - 1) < 1e-3 for each in answer["predictions"])
    assert report["recipe"]["mode"] == trained["spec"]["mode"]
    assert report["base_model"] == f"{BASE} 1"
    assert sum(report["samples"].values()) == ECGS_PER_KIND * len(KINDS)
    assert [epoch["epoch"] for epoch in report["epochs"]] == [1]
    assert 0 <= report["validation"]["f1_macro"] <= 1


def test_what_went_out_comes_in_again(journey: Journey, trained: Json) -> None:
    document = journey.client.get(f"{_path(trained)}/onnx").content

    again = journey.import_model(f"again-{trained['spec']['mode'].replace('_', '-')}", document)

    before, after = (each["manifest"] for each in (_model(journey, trained), again))
    assert [each["name"] for each in after["output"]["classes"]] == [
        each["name"] for each in before["output"]["classes"]
    ]
    assert after["input"] == before["input"] | {"tensor": after["input"]["tensor"]}


def test_a_model_of_single_beats_is_refused(journey: Journey, data_dir: Path) -> None:
    document = (data_dir / "formats/onnx/adii11001_singlebeat.onnx").read_bytes()

    answer = journey.client.post("/models", data={"name": "single-beat"}, files={"file": ("m.onnx", document)})

    assert "[N, 12, samples]" in problem(answer, 422, "INVALID_MODEL")
    assert journey.client.get("/models/single-beat").status_code == 404


def _path(training: Json) -> str:
    return f"/models/{training['model']['name']}/{training['model']['version']}"


def _model(journey: Journey, training: Json) -> Json:
    return journey.answer("GET", _path(training))


def _class_names(journey: Journey, training: Json) -> list[str]:
    return [each["name"] for each in _model(journey, training)["manifest"]["output"]["classes"]]


def _sha256(answer: httpx.Response) -> str:
    return hashlib.sha256(answer.content).hexdigest()


def _weights(document: bytes) -> dict[str, np.ndarray]:
    """Return what a model has learned, by name: its floating-point initializers with more than one value."""
    arrays = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(document).graph.initializer}
    return {name: array for name, array in arrays.items() if array.dtype == np.float32 and array.size > 1}


def _run(session: onnxruntime.InferenceSession, batch: int) -> tuple[int, ...]:
    ecg = np.zeros((batch, 12, 1000), np.float32)
    return tuple(session.run(None, {session.get_inputs()[0].name: ecg})[0].shape)
