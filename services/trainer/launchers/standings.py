"""What a Job and its pods say of a training's workers; pure. Field names: batch/v1 Job, v1 Pod."""

from collections.abc import Sequence
from typing import Any, Final

from services.trainer.launchers.manifest import LAUNCH, TRAINING
from services.trainer.ports import Workers

Object = dict[str, Any]

DISRUPTED: Final = "PodFailurePolicy"
"""The reason of a Job that failed because the nodes took its pods away; the template's only such rule says so."""
HELD_BACK: Final = "The cluster's queue of jobs has not let it in yet."
NO_POD: Final = "The cluster has made no pod for it yet; where this lasts, a quota or a policy forbids it."
STARTING: Final = "Its container is being made; the image of a worker is large where it has to be fetched."
UNPLACED: Final = "No node of the cluster can take it now"
_MOST_CHARACTERS: Final = 500
_UNDER_WAY: Final = ("ContainerCreating", "PodInitializing")


def workers(job: Object, pods: Sequence[Object]) -> Workers:
    """Return where the workers of a Job stand; raises KeyError where it is none of the launcher's."""
    metadata, labels = job["metadata"], job["metadata"]["labels"]
    found = Workers(metadata["name"], labels[TRAINING], int(labels[LAUNCH]), "working")
    conditions = {each["type"]: each for each in job.get("status", {}).get("conditions") or () if _true(each)}
    if "Complete" in conditions:
        return found.standing_as("done")
    if "Failed" in conditions:
        failure = conditions["Failed"]
        return found.standing_as("failed", _why(failure, pods), excused=failure.get("reason") == DISRUPTED)
    if job["spec"].get("suspend"):
        return found.standing_as("waiting", HELD_BACK)
    reason = _waiting_for(pods, int(job["spec"].get("parallelism") or 1))
    return found.standing_as("waiting", reason) if reason else found


def _waiting_for(pods: Sequence[Object], wanted: int) -> str:
    """Return why not every worker runs, or nothing where they all do."""
    there = [each for each in pods if each.get("status", {}).get("phase") not in {"Pending", "Failed"}]
    if len(there) >= wanted:
        return ""
    pending = [each for each in pods if each.get("status", {}).get("phase") == "Pending"]
    reason = next(filter(None, map(_unplaced, pending)), "") or next(filter(None, map(_unstarted, pending)), "")
    reason = reason or (STARTING if pending else NO_POD)
    return reason if wanted == 1 else f"{len(there)} of {wanted} workers are there. {reason}"


def _unplaced(pod: Object) -> str:
    for each in pod["status"].get("conditions") or ():
        if each["type"] == "PodScheduled" and each.get("status") == "False":
            return _sentence(UNPLACED, each)
    return ""


def _unstarted(pod: Object) -> str:
    status = pod["status"]
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = each.get("state", {}).get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] not in _UNDER_WAY:
            return _sentence(f"Its container cannot start ({waiting['reason']})", waiting)
    return ""


def _why(failure: Object, pods: Sequence[Object]) -> str:
    """Return why a Job failed: what its pods died of, where they are still there to say so."""
    for pod in pods:
        for each in pod.get("status", {}).get("containerStatuses") or ():
            ended = each.get("state", {}).get("terminated") or {}
            if ended.get("reason") == "OOMKilled":
                return "The worker needed more memory than its limit. Train with a smaller batch or dataset."
    return _sentence("The worker's job failed", failure)


def _sentence(what: str, said: Object) -> str:
    text = " ".join(str(said.get("message") or said.get("reason") or "").split())
    return f"{what}: {text}"[:_MOST_CHARACTERS] if text else f"{what}."


def _true(condition: Object) -> bool:
    return bool(condition.get("status") == "True")
