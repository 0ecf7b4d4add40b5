"""Every pod is killed once, the bundled servers too, while people work: nothing that was acknowledged is lost."""

import secrets
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Json, component_of, name_of, until
from tests.cluster.ledger import Ledger, lost
from tests.cluster.load import Load, Target, predict, upload, view
from tests.cluster.release import Release
from tests.e2e.journey import Journey

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CALLS = (upload, upload, predict, view)
EVERY_SECONDS = 0.5
TRAINED_AT = ("trainer", "postgres")
"""Killing which of them a training is asked for, too."""
BACK_SECONDS = 120


def _import_model(client: httpx.Client, ledger: Ledger, name: str, onnx: bytes) -> None:
    """Ask for a model; only what is acknowledged counts."""
    try:
        answer = client.post("/models", data={"name": name}, files={"file": ("load.onnx", onnx)})
    except httpx.TransportError:
        return
    if answer.is_success:
        model = answer.json()
        digest = next(file["sha256"] for file in model["files"] if file["file_name"] == "model.onnx")
        ledger.add_model(model, digest)


def _train(journey: Journey, ledger: Ledger, dataset_id: str) -> bool:
    """Ask for a training and say whether it was acknowledged."""
    try:
        ledger.add_training(journey.train(dataset_id, max_epochs=1)["training_id"])
    except (httpx.TransportError, AssertionError):
        return False
    return True


def _replaced(release: Release, killed: Json, count: int) -> bool:
    pods = release.pods()
    uids = {pod["metadata"]["uid"] for pod in pods}
    return killed["metadata"]["uid"] not in uids and len(pods) == count and release.all_ready()


def test_nothing_acknowledged_is_lost_by_killing_every_pod(
    release: Release, target: Target, client: httpx.Client, tmp_path: Path, onnx: bytes, figures: Figures
) -> None:
    journey, name = Journey(client, tmp_path), f"kills-{secrets.token_hex(3)}"
    dataset_id = journey.dataset(name)
    pods = release.pods()
    with figures.step(f"kill {len(pods)} pods under load"), Load(target, CALLS, every_s=EVERY_SECONDS) as load:
        load.ledger.add_training(journey.train(dataset_id)["training_id"])
        for pod in pods:
            release.namespace.kubectl("delete", "pod", name_of(pod), "--now", "--wait=false")
            _import_model(client, load.ledger, name, onnx)
            if component_of(pod) in TRAINED_AT:
                _train(journey, load.ledger, dataset_id)
            until(f"{name_of(pod)} is replaced", partial(_replaced, release, pod, len(pods)), BACK_SECONDS)
        until("a training is taken again", partial(_train, journey, load.ledger, dataset_id), BACK_SECONDS)
    ledger = load.ledger
    with figures.step("read back what was acknowledged"):
        missing = lost(client, target.dataset_id, ledger)
    with figures.step(f"{len(ledger.trainings)} trainings come to an end"):
        states = [journey.ended(training)["state"] for training in ledger.trainings]
    figures.row("pod_kill_lost", len(missing) + states.count("failed"), "acknowledged", at_most=0)
    counts = f"{len(ledger.records)} records, {len(ledger.models)} models, {len(states)} trainings"
    figures.remarks.append(f"pods killed: {counts} were acknowledged. {load.summary()}")

    assert missing == []
    assert set(states) == {"succeeded"}
    assert ledger.models
