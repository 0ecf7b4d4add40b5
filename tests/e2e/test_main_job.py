"""Ingest, view, train, predict, share: through the gateway, on the embedded default and on six processes."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pydicom
import pytest

from tests.e2e.journey import ECGS_PER_KIND, KINDS, VIEWS, Journey
from tests.platforms import DistributedPlatform, printed_on_failure

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def embedded(platform_url: str, tmp_path: Path) -> Iterator[Journey]:
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        yield Journey(client, tmp_path)


def test_one_department_goes_all_the_way_in_one_process(embedded: Journey) -> None:
    dataset_id = embedded.dataset("all-the-way")
    records = embedded.records(dataset_id)
    kinds = [embedded.answer("GET", f"/records/{records[0]['record_id']}/views/{view}")["kind"] for view in VIEWS]
    training = embedded.ended(embedded.train(dataset_id)["training_id"])

    assert len(records) == ECGS_PER_KIND * len(KINDS)
    assert kinds == list(VIEWS)
    assert training["state"] == "succeeded", training["error"]
    _predicted_published_and_whole(embedded, training["model"], dataset_id)


def test_a_dataset_is_measured_and_told_to_other_systems_in_one_process(embedded: Journey) -> None:
    _measured_and_told(embedded, embedded.dataset("measured"))


@pytest.mark.integration
def test_a_dataset_is_measured_by_six_processes(distributed: DistributedPlatform, tmp_path: Path) -> None:
    with distributed.client() as client, printed_on_failure(distributed):
        journey = Journey(client, tmp_path)
        _measured_and_told(journey, journey.dataset("measured"))


@pytest.mark.integration
def test_a_training_survives_the_death_of_its_service(distributed: DistributedPlatform, tmp_path: Path) -> None:
    with distributed.client() as client, printed_on_failure(distributed):
        journey = Journey(client, tmp_path)
        dataset_id = journey.dataset("survivor")
        queued = journey.train(dataset_id, max_epochs=4)
        for event in journey.events(queued["training_id"]):
            if "training_loss" in event:
                break
        distributed.processes["trainer"].kill()
        distributed.processes["trainer"].start()
        training = journey.ended(queued["training_id"], wait=distributed.processes["trainer"].listens)

        assert training["state"] == "succeeded", training["error"]
        _predicted_published_and_whole(journey, training["model"], dataset_id)


def _measured_and_told(journey: Journey, dataset_id: str) -> None:
    """Assert that a dataset is measured once, and that a record leaves as FHIR and as annotated DICOM."""
    first, lines = journey.measure(dataset_id)
    again, _ = journey.measure(dataset_id)
    record = f"/records/{journey.records(dataset_id)[0]['record_id']}"
    bundle = journey.answer("GET", f"{record}/measurements?format=fhir")
    dicom = journey.client.get(f"{record}/signal?format=dicom&annotations=true")
    annotations = pydicom.dcmread(io.BytesIO(dicom.content)).WaveformAnnotationSequence
    plot = journey.client.get(f"/measurement-jobs/{again['job_id']}/plot")
    refused = journey.client.get(f"{record}/signal?format=csv&annotations=true")

    count = ECGS_PER_KIND * len(KINDS)
    assert (first["state"], first["done"], first["refused"]) == ("succeeded", count, 0), first
    assert (again["state"], again["reused"]) == ("succeeded", count)
    assert len(lines) == count + 1
    assert "qrs_duration_ms" in lines[0]
    assert bundle["entry"][0]["resource"]["resourceType"] == "DiagnosticReport"
    assert "P wave" in {each.ConceptNameCodeSequence[0].CodeMeaning for each in annotations[1:]}
    assert plot.headers["content-type"] == "image/svg+xml"
    assert refused.status_code == httpx.codes.BAD_REQUEST
    journey.answer("DELETE", f"/datasets/{dataset_id}")
    assert journey.client.get(f"/measurement-jobs/{again['job_id']}/table").status_code == httpx.codes.NOT_FOUND


def _predicted_published_and_whole(journey: Journey, model: dict[str, str], dataset_id: str) -> None:
    """Assert what every exported model must do: predict, be shared, and be exactly what its manifest says."""
    answer = journey.answer("POST", "/predictions", json={"model": model, "dataset_id": dataset_id})
    path = f"/models/{model['name']}/{model['version']}"
    published = journey.answer("POST", f"{path}/publish")
    onnx = journey.client.get(f"{path}/onnx")

    assert len(answer["predictions"]) == ECGS_PER_KIND * len(KINDS)
    assert all(abs(sum(score["value"] for score in each["scores"]) - 1) < 1e-3 for each in answer["predictions"])
    assert published["visibility"] == "site"
    assert hashlib.sha256(onnx.content).hexdigest() == answer["model_sha256"]
