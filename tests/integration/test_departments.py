"""Nobody reaches another department's data: not by its ids, not by its names, not past the gateway."""

import json
import secrets
from typing import Any

import httpx
import pytest

from tests.integration import departments
from tests.integration.departments import PRIVATE_CLASSES, Department
from tests.platforms import DistributedPlatform

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

FORM = {"files": [("files", ("a.npy", b"\x93NUMPY"))]}
LABELS = {"content": b"file_name,label\na.npy,x\n", "headers": {"Content-Type": "text/csv"}}
TENSOR = {"inputs": [{"name": "ecg", "shape": [1, 12, 1000], "datatype": "FP32", "data": [0.0] * 12000}]}

PATHS: dict[str, dict[str, Any]] = {
    "GET /api/v1/datasets/{dataset_id}": {},
    "DELETE /api/v1/datasets/{dataset_id}": {},
    "POST /api/v1/datasets/{dataset_id}/records": FORM,
    "PUT /api/v1/datasets/{dataset_id}/labels": LABELS,
    "GET /api/v1/datasets/{dataset_id}/records": {},
    "POST /api/v1/datasets/{dataset_id}/records/missing": {"json": {"sha256": ["0" * 64]}},
    "GET /api/v1/datasets/{dataset_id}/statistics": {},
    "POST /api/v1/datasets/{dataset_id}/measurements": {},
    "GET /api/v1/measurement-jobs/{job_id}": {},
    "DELETE /api/v1/measurement-jobs/{job_id}": {},
    "GET /api/v1/measurement-jobs/{job_id}/events": {},
    "GET /api/v1/measurement-jobs/{job_id}/table": {},
    "GET /api/v1/measurement-jobs/{job_id}/plot": {},
    "GET /api/v1/records/{record_id}": {},
    "DELETE /api/v1/records/{record_id}": {},
    "GET /api/v1/records/{record_id}/signal": {},
    "GET /api/v1/records/{record_id}/quality": {},
    "GET /api/v1/records/{record_id}/views/{kind}": {},
    "GET /api/v1/records/{record_id}/measurements": {},
    "GET /api/v1/models/{name}": {},
    "GET /api/v1/models/{name}/{version}": {},
    "GET /api/v1/models/{name}/{version}/onnx": {},
    "GET /api/v1/models/{name}/{version}/manifest": {},
    "GET /api/v1/models/{name}/{version}/report": {},
    "POST /api/v1/models/{name}/{version}/publish": {},
    "GET /api/v1/trainings/{training_id}": {},
    "DELETE /api/v1/trainings/{training_id}": {},
    "GET /api/v1/trainings/{training_id}/events": {},
    "GET /api/v1/trainings/{training_id}/report": {},
    "GET /dicomweb/studies/{study}": {},
    "GET /dicomweb/studies/{study}/metadata": {},
    "GET /dicomweb/studies/{study}/series/{series}": {},
    "GET /dicomweb/studies/{study}/series/{series}/metadata": {},
    "GET /dicomweb/studies/{study}/series/{series}/instances/{sop}": {},
    "GET /dicomweb/studies/{study}/series/{series}/instances/{sop}/metadata": {},
    "GET /v2/models/{name}": {},
    "GET /v2/models/{name}/ready": {},
    "GET /v2/models/{name}/versions/{version}": {},
    "GET /v2/models/{name}/versions/{version}/ready": {},
    "POST /v2/models/{name}/infer": {"json": TENSOR},
    "POST /v2/models/{name}/versions/{version}/infer": {"json": TENSOR},
}
"""Every path that takes an identifier, and what makes a call of it complete."""

SEARCHES = (
    "/dicomweb/studies/{study}/series",
    "/dicomweb/studies/{study}/instances",
)
"""Paths that answer an identifier of somebody else's as one of nobody's: with nothing."""

STORES = ("POST /dicomweb/studies/{study}",)
"""Paths whose identifier is the sender's own choice."""

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "a record": ("/predictions", {"model": {"name": "own"}, "record_ids": ["{record_id}"]}),
    "a record among one's own": ("/predictions", {"model": {"name": "own"}, "record_ids": ["own", "{record_id}"]}),
    "a dataset": ("/predictions", {"model": {"name": "own"}, "dataset_id": "{dataset_id}"}),
    "a model": ("/predictions", {"model": {"name": "{name}"}, "record_ids": ["own"]}),
    "a version": ("/predictions", {"model": {"name": "{name}", "version": "{version}"}, "record_ids": ["own"]}),
    "a training set": (
        "/trainings",
        {"model_name": "mine", "dataset_id": "{dataset_id}", "architecture": "inception_time"},
    ),
    "a validation set": (
        "/trainings",
        {
            "model_name": "mine",
            "dataset_id": "own",
            "validation_dataset_id": "{dataset_id}",
            "architecture": "inception_time",
        },
    ),
    "a base model": ("/trainings", {"model_name": "mine", "dataset_id": "own", "base_model": {"name": "{name}"}}),
}
"""Every body that names something of somebody's; "own" is replaced by what the caller has."""

OWN_MODEL = "neurology-own"


@pytest.fixture(scope="module")
def stranger(neurology: Department) -> Department:
    """The other department, with a model of its own."""
    neurology.journey.import_model(OWN_MODEL, departments.private_model())
    return neurology


def test_every_path_with_an_identifier_is_tried(distributed: DistributedPlatform) -> None:
    paths = httpx.get(f"{distributed.url}/openapi.json").json()["paths"]

    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if "{" in path}

    assert described == {*PATHS, *(f"GET {path}" for path in SEARCHES), *STORES}


@pytest.mark.parametrize("call", PATHS)
def test_what_another_department_has_is_not_there(
    distributed: DistributedPlatform, cardiology: Department, stranger: Department, call: str
) -> None:
    method, path = call.split(" ")
    theirs = cardiology.ids | {"kind": "raw"}
    nobodys = _nobodys(theirs) | {"kind": "raw"}

    at_theirs, at_nobodys = (
        stranger.client.request(method, distributed.url + path.format(**ids), **PATHS[call])
        for ids in (theirs, nobodys)
    )

    assert at_theirs.status_code == 404, at_theirs.text
    assert _without(at_theirs.text, theirs) == _without(at_nobodys.text, nobodys)


@pytest.mark.parametrize("path", SEARCHES)
def test_a_search_does_not_find_what_another_department_has(
    distributed: DistributedPlatform, cardiology: Department, stranger: Department, path: str
) -> None:
    url = distributed.url + path.format(**cardiology.ids)

    assert cardiology.client.get(url).json()
    assert stranger.client.get(url).json() == []


@pytest.mark.parametrize("named", BODIES)
def test_what_another_department_has_cannot_be_used(cardiology: Department, stranger: Department, named: str) -> None:
    path, body = BODIES[named]
    nobodys = _nobodys(cardiology.ids)

    at_theirs, at_nobodys = (
        stranger.client.post(path, json=_filled(body, ids, stranger.ids)) for ids in (cardiology.ids, nobodys)
    )

    assert at_theirs.status_code == 404, at_theirs.text
    assert _without(at_theirs.text, cardiology.ids) == _without(at_nobodys.text, nobodys)


def test_anothers_model_says_nothing_of_an_inline_ecg(cardiology: Department, stranger: Department) -> None:
    ecg = {"file": ("own.npy", (stranger.journey.folder / "own.npy").read_bytes())}

    answer, own = (
        each.client.post("/predictions", data={"model": "cardiology-private", "sampling_rate_hz": "500"}, files=ecg)
        for each in (stranger, cardiology)
    )

    assert own.is_success
    assert answer.status_code == 404
    assert not any(name in answer.text for name in PRIVATE_CLASSES)


@pytest.mark.parametrize("path", ["/datasets", "/models", "/trainings"])
def test_lists_hold_what_is_ones_own(cardiology: Department, stranger: Department, path: str) -> None:
    theirs, own = (each.client.get(path).text for each in (cardiology, stranger))

    assert "cardiology" in theirs
    assert "cardiology" not in own
    assert not any(name in own for name in cardiology.ids.values() if len(name) > 8)


def test_departments_may_choose_the_same_names(cardiology: Department, stranger: Department) -> None:
    theirs = cardiology.client.get(f"/datasets/{cardiology.ids['dataset_id']}").json()["name"]

    cardiology.journey.import_model("same-name", departments.private_model())
    dataset = stranger.client.post("/datasets", json={"name": theirs})
    model = stranger.client.post(
        "/models", data={"name": "same-name"}, files={"file": ("m.onnx", departments.private_model())}
    )

    assert dataset.status_code == 201, dataset.text
    assert model.status_code == 201, model.text
    assert model.json()["version"] == "1"


def test_a_published_model_can_be_read_and_used_but_not_changed(cardiology: Department, stranger: Department) -> None:
    name = "cardiology-shared"
    cardiology.journey.import_model(name, departments.private_model())
    cardiology.journey.answer("POST", f"/models/{name}/1/publish")

    seen = stranger.journey.answer("GET", f"/models/{name}/1")
    onnx = stranger.client.get(f"/models/{name}/1/onnx")
    predicted = stranger.journey.answer(
        "POST", "/predictions", json={"model": {"name": name}, "record_ids": [stranger.ids["record_id"]]}
    )
    published = stranger.client.post(f"/models/{name}/1/publish")
    imported = stranger.client.post(
        "/models", data={"name": name, "version": "1"}, files={"file": ("m.onnx", departments.private_model())}
    )
    still = cardiology.journey.answer("GET", f"/models/{name}/1")

    assert (seen["visibility"], seen["own"]) == ("site", False)
    assert onnx.content == departments.private_model()
    assert [score["name"] for score in predicted["predictions"][0]["scores"]] == list(PRIVATE_CLASSES)
    assert published.status_code in {403, 404}, published.text
    assert imported.status_code in {201, 409}, imported.text
    assert still["own"]
    assert still["files"] == seen["files"]


def test_what_was_tried_has_changed_nothing(cardiology: Department, stranger: Department) -> None:
    for call in ("DELETE /datasets/{dataset_id}", "DELETE /records/{record_id}", "DELETE /trainings/{training_id}"):
        method, path = call.split(" ")
        assert stranger.client.request(method, path.format(**cardiology.ids)).status_code == 404

    statistics = cardiology.journey.answer("GET", f"/datasets/{cardiology.ids['dataset_id']}/statistics")
    training = cardiology.journey.answer("GET", f"/trainings/{cardiology.ids['training_id']}")
    model = cardiology.journey.answer("GET", f"/models/{cardiology.ids['name']}/1")

    assert statistics["records"] == len(cardiology.journey.records(cardiology.ids["dataset_id"]))
    assert sum(label["count"] for label in statistics["labels"]) == statistics["records"]
    assert training["state"] == "succeeded"
    assert model["visibility"] == "department"


def _nobodys(ids: dict[str, str]) -> dict[str, str]:
    return {key: value if key == "version" else _like(key) for key, value in ids.items()}


def _like(key: str) -> str:
    """Return an identifier that nobody has: a UID where DICOM wants one."""
    return f"2.25.{secrets.randbits(120)}" if key in {"study", "series", "sop"} else secrets.token_hex(16)


def _without(text: str, ids: dict[str, str]) -> str:
    """Return an answer without what was asked for."""
    for key in ids.keys() - {"version", "kind"}:
        text = text.replace(ids[key], f"<{key}>")
    return text


def _filled(body: dict[str, Any], ids: dict[str, str], own: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(body)
    for key, value in ids.items():
        text = text.replace(f"{{{key}}}", value)
    text = text.replace('"dataset_id": "own"', f'"dataset_id": "{own["dataset_id"]}"')
    text = text.replace('"name": "own"', f'"name": "{OWN_MODEL}"').replace('"own"', f'"{own["record_id"]}"')
    return dict(json.loads(text))
