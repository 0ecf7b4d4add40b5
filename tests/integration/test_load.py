"""The load of the cluster tests, on a platform in one process: it fails nothing by itself and hides no failure."""

import io
import time
from pathlib import Path

import httpx
import pytest

from services.trainer.architectures import build
from services.trainer.interchange.onnx_export import architecture_to_onnx
from tests.cluster.ledger import lost
from tests.cluster.load import SAMPLES, Load, Target, predict, predict_file, upload, view
from tests.platforms import embedded
from tests.servers import running

CALLS = (upload, predict, predict_file, view)


@pytest.fixture(scope="module")
def onnx() -> bytes:
    network = build("xception_time", leads=12, samples=SAMPLES, outputs=2)
    return bytes(architecture_to_onnx(network, 12, SAMPLES).SerializeToString())


def _target(url: str, onnx: bytes) -> Target:
    dataset = httpx.post(f"{url}/api/v1/datasets", json={"name": "load"}).raise_for_status().json()
    files = {"file": ("load.onnx", io.BytesIO(onnx))}
    httpx.post(f"{url}/api/v1/models", data={"name": "load"}, files=files, timeout=60).raise_for_status()
    return Target(url, None, dataset["dataset_id"], "load")


def test_every_call_succeeds_and_all_that_was_acknowledged_reads_back(platform_url: str, onnx: bytes) -> None:
    target = _target(platform_url, onnx)
    with Load(target, CALLS, every_s=0.1) as load:
        time.sleep(2)

    assert {outcome.kind for outcome in load.outcomes} == {call.__name__ for call in CALLS}
    assert not load.failed(), load.told()
    with target.client() as client:
        assert len(load.ledger.records) > len(CALLS)
        assert lost(client, target.dataset_id, load.ledger) == []


def test_what_is_lost_or_altered_is_told(platform_url: str, onnx: bytes) -> None:
    with httpx.Client(base_url=f"{platform_url}/api/v1") as client:
        dataset_id = client.post("/datasets", json={"name": "ledger"}).json()["dataset_id"]
        target = Target(platform_url, None, dataset_id, "load")
        with Load(target, (), every_s=1) as load:
            altered, erased = load.ledger.some_records()
        load.ledger.add_record(altered, "another digest")
        load.ledger.add_model({"name": "never", "version": "1"}, "a digest")
        load.ledger.add_training("never")
        client.delete(f"/records/{erased}").raise_for_status()

        told = lost(client, dataset_id, load.ledger)

    assert len(told) == 4
    assert any(altered in sentence and "not the one" in sentence for sentence in told)
    assert any(erased in sentence and "not listed" in sentence for sentence in told)


def test_a_platform_that_is_killed_shows_as_failed_calls(tmp_path: Path, onnx: bytes) -> None:
    with running(embedded(tmp_path)) as server:
        target = _target(f"http://127.0.0.1:{server.port}", onnx)
        with Load(target, CALLS, every_s=0.1) as load:
            time.sleep(0.5)
            server.kill()
            time.sleep(0.5)

    assert {outcome.kind for outcome in load.failed()} == {call.__name__ for call in CALLS}
