"""From the Job template to the Job of a launch."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.shared.errors import InvalidRequest
from services.trainer.launchers.manifest import JobTemplate, job_name
from services.trainer.trainings import Training, TrainingSpec

FILE = Path(__file__).parent / "job.yaml"
VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")
ID = "0123456789abcdef0123456789abcdef"


def training(workers: int = 1, gpus: int = 0, launches: int = 1) -> Training:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    spec = TrainingSpec("m", "d", architecture="inception_time", workers=workers, gpus_per_worker=gpus)
    return Training(ID, "Kardiologie Süd", "kim", spec, "queued", now, now, launches=launches)


def document() -> Any:
    return yaml.safe_load(FILE.read_text())


def template(given: Any = None) -> JobTemplate:
    return JobTemplate(given or document(), gpu_resource="nvidia.com/mig-1g.10gb", subdomain="heart-worker")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("workers", "gpus"), [(1, 0), (1, 2), (16, 8)])
def test_every_job_is_one_that_kubernetes_takes(version: str, workers: int, gpus: int) -> None:
    job = template().job(training(workers, gpus))

    kubernetes_validate.validate(job, version, strict=True)


def test_a_job_is_named_and_labelled_by_its_launch_and_keeps_what_the_template_says() -> None:
    job = template().job(training(launches=3))

    assert job["metadata"]["name"] == job_name(training(launches=3)) == f"training-{ID}-3"
    assert len(f"{job['metadata']['name']}-15") <= 63
    expected = {"app.kubernetes.io/instance": "heart", "einthoven/training": ID, "einthoven/launch": "3"}
    assert expected.items() <= job["metadata"]["labels"].items()
    assert expected.items() <= job["spec"]["template"]["metadata"]["labels"].items()
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "research"
    assert job["metadata"]["annotations"] == {"einthoven/tenant": "Kardiologie Süd"}
    assert job["spec"]["ttlSecondsAfterFinished"] == 3600
    assert template().selector == "app.kubernetes.io/instance=heart,einthoven/training"


def test_one_worker_is_one_process_that_knows_its_launch() -> None:
    (container,) = template().job(training(launches=2))["spec"]["template"]["spec"]["containers"]

    assert container["command"] == ["python"]
    assert container["args"] == ["-m", "services.trainer.worker", ID, "2"]
    assert "nvidia.com/mig-1g.10gb" not in container["resources"]["limits"]


def test_several_workers_meet_at_the_first_of_them() -> None:
    job = template().job(training(3, 2))
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert (job["spec"]["completions"], job["spec"]["parallelism"]) == (3, 3)
    assert job["spec"]["template"]["spec"]["subdomain"] == "heart-worker"
    assert container["args"][:6] == [
        "-m",
        "torch.distributed.run",
        "--nnodes=3",
        "--nproc-per-node=2",
        "--node-rank=$(JOB_COMPLETION_INDEX)",
        f"--master-addr=training-{ID}-1-0.heart-worker",
    ]
    assert container["args"][-4:] == ["-m", "services.trainer.worker", ID, "1"]
    for kind in ("limits", "requests"):
        assert container["resources"][kind]["nvidia.com/mig-1g.10gb"] == "2"
    assert container["resources"]["requests"]["memory"] == "1Gi"


def test_one_worker_of_several_gpus_has_a_process_for_each() -> None:
    (container,) = template().job(training(1, 4))["spec"]["template"]["spec"]["containers"]

    assert container["args"][:4] == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=4"]


def test_the_template_stays_as_it_is() -> None:
    given = document()
    before = copy.deepcopy(given)

    template(given).job(training(2, 1))

    assert given == before


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"spec": {"backoffLimit": 3}}, "backoffLimit: 0"),
        ({"spec": {"completionMode": "NonIndexed"}}, "Indexed"),
        ({"spec": {"podFailurePolicy": None}}, "podFailurePolicy"),
        ({"kind": "Pod"}, "kind: Job"),
        ({"metadata": {"labels": {}}}, "app.kubernetes.io/instance"),
        ({"metadata": None}, "metadata.labels"),
    ],
)
def test_a_template_that_the_launcher_cannot_rely_on_is_refused(change: dict[str, Any], lacking: str) -> None:
    given = document()
    for key, value in change.items():
        given[key] = given[key] | value if isinstance(value, dict) else value

    with pytest.raises(InvalidRequest, match=lacking):
        template(given)


def test_a_template_without_the_container_is_refused() -> None:
    given = document()
    given["spec"]["template"]["spec"]["containers"][0]["name"] = "trainer"

    with pytest.raises(InvalidRequest, match="one container named worker"):
        template(given)


@pytest.mark.parametrize("text", ["a: [", "- 1", ""])
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.yaml").write_text(text)

    with pytest.raises(InvalidRequest, match="Job template"):
        JobTemplate.read(tmp_path / "job.yaml", gpu_resource="g", subdomain="s")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read: FileNotFoundError"):
        JobTemplate.read(tmp_path / "none.yaml", gpu_resource="g", subdomain="s")


def test_many_trainings_share_one_template() -> None:
    shared = template()

    first, second = (shared.job(replace(training(), training_id=each * 32)) for each in "ab")

    assert first["metadata"]["name"] != second["metadata"]["name"]
