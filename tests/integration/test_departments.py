"""Nobody reaches another department's data: not by its ids, not by its names, not past the gateway."""

import json
import secrets
import subprocess
import sys
import time
from typing import Any

import grpc
import httpx
import jwt
import pytest

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from einthoven.inference.v1 import inference_pb2, inference_pb2_grpc
from einthoven.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from einthoven.signal_analysis.v1 import signal_analysis_pb2, signal_analysis_pb2_grpc
from einthoven.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from gateway.auth import CACHE_SECONDS
from services.shared.identity import Caller, Tokens
from services.shared.settings import IdentitySettings
from tests.integration import departments
from tests.integration.departments import PRIVATE_CLASSES, Department, Key
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
    "GET /api/v1/datasets/{dataset_id}/statistics": {},
    "GET /api/v1/records/{record_id}": {},
    "DELETE /api/v1/records/{record_id}": {},
    "GET /api/v1/records/{record_id}/signal": {},
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
    "GET /v2/models/{name}": {},
    "GET /v2/models/{name}/ready": {},
    "GET /v2/models/{name}/versions/{version}": {},
    "GET /v2/models/{name}/versions/{version}/ready": {},
    "POST /v2/models/{name}/infer": {"json": TENSOR},
    "POST /v2/models/{name}/versions/{version}/infer": {"json": TENSOR},
}
"""Every path that takes an identifier, and what makes a call of it complete."""

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

CALLS = {
    "ingest": (ingest_pb2_grpc.IngestServiceStub, "ListDatasets", ingest_pb2.ListDatasetsRequest()),
    "exchange": (exchange_pb2_grpc.ExchangeServiceStub, "ListModels", exchange_pb2.ListModelsRequest()),
    "trainer": (trainer_pb2_grpc.TrainerServiceStub, "ListTrainings", trainer_pb2.ListTrainingsRequest()),
    "inference": (
        inference_pb2_grpc.InferenceServiceStub,
        "DescribeModel",
        inference_pb2.DescribeModelRequest(model=common_pb2.ModelRef(name="cardiology-private")),
    ),
    "signal_analysis": (
        signal_analysis_pb2_grpc.SignalAnalysisServiceStub,
        "GetMeasurements",
        signal_analysis_pb2.GetMeasurementsRequest(record_id="r"),
    ),
}
OWN_MODEL = "neurology-own"


@pytest.fixture(scope="module")
def stranger(neurology: Department) -> Department:
    """The other department, with a model of its own."""
    neurology.journey.import_model(OWN_MODEL, departments.private_model())
    return neurology


def test_every_path_with_an_identifier_is_tried(distributed: DistributedPlatform) -> None:
    paths = httpx.get(f"{distributed.url}/openapi.json").json()["paths"]

    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if "{" in path}

    assert described == PATHS.keys()


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


@pytest.mark.parametrize("service", CALLS)
async def test_a_service_port_gives_nothing_without_a_token(distributed: DistributedPlatform, service: str) -> None:
    metadata = (
        (),
        (("authorization", "Bearer "),),
        (("authorization", f"Bearer {distributed.api_key}"),),
        (("authorization", f"Bearer {_forged(secrets.token_hex(32))}"),),
        (("authorization", f"Bearer {_unsigned()}"),),
        (("authorization", f"Bearer {_forged(_secret(distributed), age_seconds=600)}"),),
    )

    codes = [await _code(distributed, service, each) for each in metadata]

    assert codes == [grpc.StatusCode.UNAUTHENTICATED] * len(metadata)


@pytest.mark.parametrize("service", CALLS)
async def test_a_service_port_answers_a_token_of_the_platform(distributed: DistributedPlatform, service: str) -> None:
    code = await _code(distributed, service, (("authorization", f"Bearer {_forged(_secret(distributed))}"),))

    assert code in {grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND}


def test_a_call_without_a_key_gets_nothing(distributed: DistributedPlatform) -> None:
    for headers in ({}, {"Authorization": f"Bearer {departments.unknown_key()}"}, {"Authorization": "Bearer x"}):
        answer = httpx.get(f"{distributed.url}/api/v1/datasets", headers=headers)

        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_revoked_key_works_no_longer(distributed: DistributedPlatform, revoked: Key, cardiology: Department) -> None:
    with departments.client_of(distributed, revoked) as client:
        deadline = time.monotonic() + CACHE_SECONDS + 5
        while (answer := client.get("/datasets")).status_code != 401 and time.monotonic() < deadline:
            time.sleep(0.2)

    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 it is refused
def test_whoever_lets_everyone_in_listens_to_this_machine_only(distributed: DistributedPlatform, host: str) -> None:
    told = distributed.processes["gateway"].environment | {
        "EINTHOVEN_GATEWAY_HOST": host,
        "EINTHOVEN_GATEWAY_AUTHENTICATION": "local",
    }
    told.pop("EINTHOVEN_GATEWAY_BOOTSTRAP_KEY")

    ran = subprocess.run(
        [sys.executable, "-m", "gateway"], check=False, capture_output=True, text=True, env=told, timeout=60
    )

    assert ran.returncode == 2
    assert "listens on loopback only" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_one_process_listens_to_this_machine_only(distributed: DistributedPlatform) -> None:
    command = [sys.executable, "-m", "deploy.local", "--host", "0.0.0.0", "--data-dir", "/nonexistent"]  # noqa: S104 it is refused
    environment = distributed.processes["gateway"].environment

    ran = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)

    assert ran.returncode == 1
    assert "listens on loopback only" in ran.stderr
    assert "Traceback" not in ran.stderr


def _nobodys(ids: dict[str, str]) -> dict[str, str]:
    return {key: value if key == "version" else secrets.token_hex(16) for key, value in ids.items()}


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


def _secret(distributed: DistributedPlatform) -> str:
    return distributed.processes["ingest"].environment["EINTHOVEN_INGEST_IDENTITY__SECRET"]


def _forged(secret: str, *, age_seconds: float = 0.0) -> str:
    tokens = Tokens(
        IdentitySettings.model_validate({"secret": secret}), issuer="gateway", clock=lambda: time.time() - age_seconds
    )
    return tokens.issue(Caller("cardiology", "mallory"))


def _unsigned() -> str:
    claims = {"iss": "gateway", "aud": "einthoven-internal", "iat": 0, "exp": 1 << 40, "sub": "mallory"}
    return jwt.encode(claims | {"tenant": "cardiology", "roles": ["member"]}, None, algorithm="none")


async def _code(distributed: DistributedPlatform, service: str, metadata: Any) -> grpc.StatusCode:
    stub, method, request = CALLS[service]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{distributed.processes[service].port}") as channel:
        call = getattr(stub(channel), method)(request, metadata=metadata, timeout=30)
        return grpc.StatusCode(await call.code())
