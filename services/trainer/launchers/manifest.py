"""From a Job template and a training to the Job of its next launch; pure."""

import copy
from pathlib import Path
from typing import Any, Final

import yaml

from services.shared.errors import InvalidRequest
from services.trainer.launchers.commands import on_one_of_several
from services.trainer.trainings import Training

Manifest = dict[str, Any]

TRAINING: Final = "einthoven/training"
LAUNCH: Final = "einthoven/launch"
TENANT: Final = "einthoven/tenant"
INSTANCE: Final = "app.kubernetes.io/instance"
CONTAINER: Final = "worker"
DISRUPTED: Final = [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
_MOST_BYTES: Final = 1 << 20
_INDEX: Final = "$(JOB_COMPLETION_INDEX)"
"""Kubernetes tells every pod of an indexed Job its number, and puts it into the arguments."""


class JobTemplate:
    """A checked Job template."""

    def __init__(self, document: Manifest, *, gpu_resource: str, subdomain: str) -> None:
        self._document = document
        self._gpu_resource = gpu_resource
        self._subdomain = subdomain
        _check(document)

    @classmethod
    def read(cls, file: Path, *, gpu_resource: str, subdomain: str) -> "JobTemplate":
        """Read a template; raises InvalidRequest with what it lacks."""
        try:
            with file.open("rb") as opened:
                document = yaml.safe_load(opened.read(_MOST_BYTES))
        except (OSError, yaml.YAMLError) as error:
            raise InvalidRequest(f"The Job template {file} cannot be read: {type(error).__name__}.") from error
        return cls(document, gpu_resource=gpu_resource, subdomain=subdomain)

    @property
    def selector(self) -> str:
        """The label selector of every Job and pod that this installation's trainings have."""
        return f"{INSTANCE}={self._document['metadata']['labels'][INSTANCE]},{TRAINING}"

    def job(self, training: Training) -> Manifest:
        """Return the Job of a training's present launch."""
        made = copy.deepcopy(self._document)
        spec, name = training.spec, job_name(training)
        labels = {TRAINING: training.training_id, LAUNCH: str(training.launches)}
        template = made["spec"]["template"]
        for metadata in (made["metadata"], template.setdefault("metadata", {})):
            metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
        made["metadata"]["name"] = name
        made["metadata"]["annotations"] = {**(made["metadata"].get("annotations") or {}), TENANT: training.tenant}
        made["metadata"].pop("namespace", None)
        made["spec"]["completions"] = made["spec"]["parallelism"] = spec.workers
        template["spec"]["subdomain"] = self._subdomain
        container = _worker(made)
        container["command"] = container["command"][:1]
        container["args"] = on_one_of_several(training, index=_INDEX, leader=f"{name}-0.{self._subdomain}")
        if spec.gpus_per_worker:
            resources = container.setdefault("resources", {})
            for kind in ("limits", "requests"):
                resources[kind] = {**(resources.get(kind) or {}), self._gpu_resource: str(spec.gpus_per_worker)}
        return made


def job_name(training: Training) -> str:
    """Return the name of the Job of a training's present launch: the same for the same launch, a host name at most."""
    return f"training-{training.training_id}-{training.launches}"


def _worker(document: Manifest) -> Manifest:
    containers: list[Manifest] = document["spec"]["template"]["spec"]["containers"]
    return next(each for each in containers if each["name"] == CONTAINER)


def _check(document: Any) -> None:
    lacking = _lacking(document)
    if lacking:
        raise InvalidRequest(f"The Job template of trainings must have {lacking}. docs/adr/0013 says why.")


def _lacking(document: Any) -> str:
    """Return what a template lacks, or nothing."""
    try:
        spec, labels = document["spec"], document["metadata"]["labels"]
        pod = spec["template"]["spec"]
        containers = [each for each in pod["containers"] if each["name"] == CONTAINER]
        checks = {
            "apiVersion: batch/v1 and kind: Job": (document["apiVersion"], document["kind"]) == ("batch/v1", "Job"),
            "spec.completionMode: Indexed": spec.get("completionMode") == "Indexed",
            "spec.backoffLimit: 0": spec.get("backoffLimit") == 0,
            "the spec.podFailurePolicy that fails a Job whose pods are disrupted": _says_disrupted(spec),
            "restartPolicy: Never": pod.get("restartPolicy") == "Never",
            f"one container named {CONTAINER}": len(containers) == 1,
            f"a command in the container named {CONTAINER}": all(each.get("command") for each in containers),
            f"the label {INSTANCE}": INSTANCE in labels,
        }
    except (KeyError, TypeError):
        return "metadata.labels and a pod template with containers"
    return next((what for what, holds in checks.items() if not holds), "")


def _says_disrupted(spec: Manifest) -> bool:
    return bool((spec.get("podFailurePolicy") or {}).get("rules") == DISRUPTED)
