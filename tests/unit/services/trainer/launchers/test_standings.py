"""What Jobs and pods say of a training's workers."""

from typing import Any

import pytest

from services.trainer.launchers import standings
from services.trainer.launchers.standings import workers

CROWDED = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."


def job(*conditions: dict[str, str], parallelism: int = 1, suspend: bool = False) -> dict[str, Any]:
    return {
        "metadata": {"name": "training-t1-2", "labels": {"einthoven/training": "t1", "einthoven/launch": "2"}},
        "spec": {"parallelism": parallelism, "suspend": suspend},
        "status": {"conditions": list(conditions)},
    }


def pod(phase: str, *, scheduled: str = "True", message: str = "", **state: dict[str, str]) -> dict[str, Any]:
    return {
        "status": {
            "phase": phase,
            "conditions": [{"type": "PodScheduled", "status": scheduled, "message": message}],
            "containerStatuses": [{"state": state}],
        }
    }


def test_pods_that_run_are_at_work() -> None:
    found = workers(job(), [pod("Running", running={})])

    assert (found.name, found.training_id, found.launch, found.standing) == ("training-t1-2", "t1", 2, "working")


@pytest.mark.parametrize(("pods", "reason"), [
    ([], standings.NO_POD),
    ([pod("Pending", scheduled="False", message=CROWDED)], f"{standings.UNPLACED}: {CROWDED}"),
    ([pod("Pending", waiting={"reason": "ContainerCreating"})], standings.STARTING),
    ([{"status": {"phase": "Pending"}}], standings.STARTING),
    (
        [pod("Pending", waiting={"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'})],
        'Its container cannot start (ImagePullBackOff): Back-off pulling image "x"',
    ),
    ([pod("Pending", waiting={"reason": "CreateContainerConfigError"})],
     "Its container cannot start (CreateContainerConfigError): CreateContainerConfigError"),
])  # fmt: skip
def test_workers_that_wait_say_why(pods: list[dict[str, Any]], reason: str) -> None:
    found = workers(job(), pods)

    assert (found.standing, found.reason) == ("waiting", reason)


def test_some_of_several_workers_wait_for_the_others() -> None:
    pods = [pod("Running"), pod("Pending", scheduled="False", message=CROWDED)]

    found = workers(job(parallelism=2), pods)

    assert found.reason == f"1 of 2 workers are there. {standings.UNPLACED}: {CROWDED}"


def test_a_job_that_a_queue_holds_back_waits() -> None:
    assert workers(job(suspend=True), []).reason == standings.HELD_BACK


def test_a_job_is_done_when_it_says_so() -> None:
    done = {"type": "Complete", "status": "True"}
    not_yet = {"type": "Complete", "status": "False"}

    assert workers(job(done), []).standing == "done"
    assert workers(job(not_yet), [pod("Running")]).standing == "working"


@pytest.mark.parametrize(("reason", "excused"), [("PodFailurePolicy", True), ("BackoffLimitExceeded", False)])
def test_a_job_that_the_nodes_ended_is_excused(reason: str, *, excused: bool) -> None:
    found = workers(job({"type": "Failed", "status": "True", "reason": reason, "message": "why"}), [])

    assert (found.standing, found.reason, found.excused) == ("failed", "The worker's job failed: why", excused)


def test_a_worker_that_was_killed_for_its_memory_says_so() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}

    found = workers(job(failed), [pod("Failed", terminated={"reason": "OOMKilled"})])

    assert "more memory than its limit" in found.reason
