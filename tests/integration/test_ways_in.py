"""The ways in: nothing answers whom the platform does not know, and an open door is not reached from outside."""

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
from tests.integration.departments import Department, Key
from tests.platforms import DistributedPlatform

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]


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


def _secret(distributed: DistributedPlatform) -> str:
    return distributed.processes["ingest"].environment["EINTHOVEN_INGEST_IDENTITY__SECRET"]


def _forged(secret: str, *, age_seconds: float = 0.0) -> str:
    tokens = Tokens(
        IdentitySettings.model_validate({"secret": secret}), issuer="gateway", clock=lambda: time.time() - age_seconds
    )
    return tokens.issue(Caller("cardiology", "mallory"))


def _unsigned() -> str:
    claims = {"iss": "gateway", "aud": "einthoven-internal", "iat": 0, "exp": 1 << 40, "sub": "mallory"}
    return jwt.encode(claims | {"tenant": "cardiology", "roles": ["member"]}, "", algorithm="none")


async def _code(distributed: DistributedPlatform, service: str, metadata: Any) -> grpc.StatusCode:
    stub, method, request = CALLS[service]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{distributed.processes[service].port}") as channel:
        call = getattr(stub(channel), method)(request, metadata=metadata, timeout=30)
        return grpc.StatusCode(await call.code())
