"""Trainings as Jobs: one worker and several, pods lost, trainings cancelled, the trainer gone, GPUs there and not."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import numpy_helper

from services.trainer.launchers.kubernetes import KubernetesLauncher
from services.trainer.launchers.manifest import INSTANCE
from services.trainer.settings import KubernetesSettings
from services.trainer.trainings import Training, TrainingSpec
from tests.cluster.figures import Figures
from tests.cluster.kubernetes import CommandFailed, Json, name_of, until
from tests.cluster.release import Release
from tests.cluster.trainings import Trainings, department

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

MANY_EPOCHS = 16
TOLERANCE = 1e-4
"""Of float32 sums in another order; SGD does not amplify it, as Adam does."""


@pytest.fixture(scope="module")
def trainings(release: Release) -> Iterator[Trainings]:
    """A department with labelled ECGs."""
    with release.client() as client:
        yield department(client, release)


def test_one_worker_trains_in_one_job_that_is_gone_afterwards(trainings: Trainings, figures: Figures) -> None:
    with figures.step("a training by one worker"):
        asked = trainings.ask()
        until("the training's job", lambda: trainings.jobs(asked), 30)
        (job,) = trainings.jobs(asked)
        done = trainings.succeed(asked)

    assert name_of(job) == f"training-{asked}-1"
    assert job["spec"]["completionMode"] == "Indexed"
    assert (done["attempts"], done["epochs_done"], done["waiting_for"]) == (1, 2, None)
    until("the end of the job and its pods", lambda: trainings.is_gone(asked), 60)


def test_two_workers_learn_what_one_with_the_doubled_batch_learns(trainings: Trainings, figures: Figures) -> None:
    with figures.step("a training by two workers"):
        two = trainings.ask(workers=2, batch_size=8, optimizer="sgd")
        until("two pods", lambda: len(trainings.pods(two)) == 2, 30)
        hosts = [pod["spec"]["hostname"] for pod in trainings.pods(two)]
        together = trainings.succeed(two)
    one = trainings.ask(workers=1, batch_size=16, optimizer="sgd")
    alone = trainings.succeed(one)

    assert hosts == [f"training-{two}-1-0", f"training-{two}-1-1"]
    weights, expected = _weights(trainings.onnx(together)), _weights(trainings.onnx(alone))
    assert weights.keys() == expected.keys()
    worst = max(float(np.abs(weights[name] - expected[name]).max()) for name in weights)
    figures.remarks.append(f"two workers against one with the doubled batch: weights differ by {worst:.1e} at most")
    for name, value in weights.items():
        np.testing.assert_allclose(value, expected[name], rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
    for ours, theirs in zip(trainings.epochs(two), trainings.epochs(one), strict=True):
        for figure in ("training_loss", "validation_loss", "f1_macro"):
            assert ours[figure] == pytest.approx(theirs[figure], rel=TOLERANCE)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_training_whose_pod_is_deleted_goes_on_from_its_checkpoint(
    trainings: Trainings, figures: Figures, workers: int
) -> None:
    asked = trainings.ask(workers=workers, max_epochs=MANY_EPOCHS, patience=MANY_EPOCHS)
    trainings.reach(asked, "two epochs", epochs_done=2)
    lost = name_of(trainings.pods(asked)[-1])

    with figures.step(f"a training by {workers} whose pod is deleted in the middle"):
        trainings.namespace.kubectl("delete", "pod", lost, "--wait=false")
        done = trainings.succeed(asked)

    launched = {name_of(job) for job in trainings.jobs(asked)}
    assert launched <= {f"training-{asked}-1", f"training-{asked}-2"}
    assert done["epochs_done"] == MANY_EPOCHS
    assert [each["epoch"] for each in trainings.epochs(asked)] == list(range(1, MANY_EPOCHS + 1))
    assert done["attempts"] == 1  # The pod was told to leave, which is no fault of the training.
    until("the end of both jobs", lambda: trainings.is_gone(asked), 90)


def test_a_training_whose_worker_is_killed_goes_on_from_its_checkpoint(trainings: Trainings) -> None:
    asked = trainings.ask(max_epochs=MANY_EPOCHS, patience=MANY_EPOCHS)
    trainings.reach(asked, "two epochs", epochs_done=2)

    trainings.namespace.kubectl("delete", "pod", name_of(trainings.pods(asked)[0]), "--grace-period=0", "--force")
    done = trainings.succeed(asked)

    assert [each["epoch"] for each in trainings.epochs(asked)] == list(range(1, MANY_EPOCHS + 1))
    assert done["epochs_done"] == MANY_EPOCHS


def test_a_cancelled_training_leaves_nothing(trainings: Trainings, figures: Figures) -> None:
    asked = trainings.ask(max_epochs=500, patience=500)
    trainings.reach(asked, "an epoch", epochs_done=1)

    with figures.step("from cancelling a training until nothing is left"):
        trainings.cancel(asked)
        trainings.reach(asked, "the cancellation", seconds=60, state="cancelled")
        until("the end of its job and pods", lambda: trainings.is_gone(asked), 60)


def test_a_training_outlives_the_trainer_which_finds_its_job_again(release: Release, trainings: Trainings) -> None:
    asked = trainings.ask(max_epochs=MANY_EPOCHS, patience=MANY_EPOCHS)
    before = trainings.reach(asked, "an epoch", epochs_done=1)
    (job,) = trainings.jobs(asked)
    (trainer,) = release.pods("trainer")

    trainings.namespace.kubectl("delete", "pod", name_of(trainer), "--grace-period=0", "--force")
    until("another trainer", lambda: [name_of(pod) for pod in release.pods("trainer")] != [name_of(trainer)], 60)
    trainings.namespace.kubectl("rollout", "status", f"deployment/{release.name}-trainer", "--timeout=120s")
    until("the new trainer's first answer", lambda: trainings.answers(asked), 60)
    (still,) = trainings.jobs(asked)
    done = trainings.succeed(asked)

    assert before["state"] == "running"
    assert still["metadata"]["uid"] == job["metadata"]["uid"]
    assert (done["attempts"], done["epochs_done"]) == (1, MANY_EPOCHS)
    until("the end of its job and pods", lambda: trainings.is_gone(asked), 90)


def _gpus(trainings: Trainings) -> int:
    nodes = trainings.namespace.objects("nodes")
    return sum(int(node["status"]["allocatable"].get("nvidia.com/gpu", 0)) for node in nodes)


def test_a_training_gets_the_gpu_it_asks_for(trainings: Trainings) -> None:
    if not _gpus(trainings):
        pytest.skip("No node of this cluster has nvidia.com/gpu.")
    asked = trainings.ask(gpus_per_worker=1)
    until("the training's pod", lambda: trainings.pods(asked), 30)
    (pod,) = trainings.pods(asked)

    done = trainings.succeed(asked)

    assert pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert done["attempts"] == 1


def test_a_training_that_asks_for_more_gpus_than_there_are_waits_says_so_and_can_be_cancelled(
    trainings: Trainings,
) -> None:
    if _gpus(trainings) >= 8:
        pytest.skip("A node of this cluster may have as many GPUs as a worker can ask for.")
    asked = trainings.ask(gpus_per_worker=8)

    until("what it waits for", lambda: "Insufficient nvidia.com/gpu" in (trainings.get(asked)["waiting_for"] or ""), 60)
    waiting = trainings.get(asked)
    trainings.cancel(asked)

    assert (waiting["state"], waiting["attempts"]) == ("queued", 1)
    until("the end of its job and pods", lambda: trainings.is_gone(asked), 60)
    assert trainings.get(asked)["waiting_for"] is None


@pytest.fixture
async def launcher(release: Release, tmp_path: Path) -> AsyncIterator[KubernetesLauncher]:
    """A launcher outside the cluster, of another installation, whose image nobody has."""
    mounted = release.namespace.get("configmap", f"{release.name}-worker")["data"]["job.yaml"]
    job: Json = yaml.safe_load(mounted)
    for labels in (job["metadata"]["labels"], job["spec"]["template"]["metadata"]["labels"]):
        labels[INSTANCE] = "another"
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/nothing:1"
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job))
    made = KubernetesLauncher(
        KubernetesSettings(
            job_template_file=tmp_path / "job.yaml",
            namespace=release.namespace.name,
            subdomain=f"{release.name}-worker",
            kubeconfig=Path(release.settings.kubeconfig),
        )
    )
    yield made
    for left in await made.workers():
        await made.remove(left)
    await made.close()


async def test_an_image_that_cannot_be_pulled_is_said_and_launching_again_changes_nothing(
    launcher: KubernetesLauncher, trainings: Trainings
) -> None:
    now, spec, nobodys = datetime.now(UTC), TrainingSpec("m", "d", architecture="xception_time"), "f" * 32
    training = Training(nobodys, "cardiology", "kim", spec, "queued", now, now, launches=1)

    await launcher.launch(training)
    await launcher.launch(training)
    (job,) = trainings.jobs(nobodys)
    until("a pod that waits", lambda: "Pull" in str([pod["status"] for pod in trainings.pods(nobodys)]), 60)
    (waiting,) = await launcher.workers()
    await launcher.remove(waiting)
    await launcher.remove(replace(waiting, name="training-nobody-1"))

    assert name_of(job) == waiting.name == f"training-{nobodys}-1"
    assert waiting.standing == "waiting"
    assert "cannot start" in waiting.reason
    until("the end of its job and pods", lambda: trainings.is_gone(nobodys), 60)


def test_a_service_account_of_a_worker_may_nothing(release: Release) -> None:
    account = f"--as=system:serviceaccount:{release.namespace.name}:{release.name}-worker"

    for verb, what in (("create", "jobs.batch"), ("list", "pods"), ("get", "secrets"), ("delete", "jobs.batch")):
        with pytest.raises(CommandFailed):
            release.namespace.kubectl("auth", "can-i", verb, what, account)


def _weights(model: bytes) -> dict[str, np.ndarray]:
    return {each.name: numpy_helper.to_array(each) for each in onnx.ModelProto.FromString(model).graph.initializer}
