"""The chart as rendered, held against Kubernetes, against the restricted profile and against the Settings classes."""

import importlib
import inspect
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import yaml
from kubernetes_validate.utils import ValidationError

from services.shared.settings import DeployableSettings
from tests.architecture.tree import ROOT

CHART: Final = ROOT / "helm/einthoven"
PYTHON: Final = ROOT / ".venv-chart/bin/python"
RENDERER: Final = ROOT / "tests/architecture/render_chart.py"
KUBERNETES: Final = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")
COMPONENTS: Final = ("gateway", "ingest", "signal-analysis", "inference", "trainer", "exchange")
KINDS: Final = {"Deployment", "Service", "ConfigMap", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget"}
FURNITURE: Final = KINDS | {"HorizontalPodAutoscaler"}
RECEIVER: Final = "dicom-receiver"
"""A component that is there where a site has DICOM senders; its number of pods is fixed."""
FOREIGN: Final = ("gateway.networking.k8s.io/", "monitoring.coreos.com/")
"""What other projects define, and a validator of Kubernetes does not know."""
PLACEHOLDERS: Final = {
    "identity-secret": "0" * 32,
    "storage-access-key": "access",
    "storage-secret-key": "secret",
    "database-url": "postgresql+asyncpg://einthoven:secret@postgres/einthoven",
    "nats-url": "nats://einthoven:secret@nats:4222",
    "metadata.namespace": "einthoven",
}
LIBRARIES: Final = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
"""What is read by libraries, and not by us."""

LEAST: Final[dict[str, Any]] = {
    "storage": {"endpoint": "s3:9000"},
    "nats": {"url": "nats://nats:4222"},
    "secret": {"existing": "einthoven-given"},
}
"""What must be given."""

RECEIVING: Final[dict[str, Any]] = {
    "dicomReceiver": {"enabled": True, "senders": {"CART1": "cardiology", "PACS (old)": "surgery"}},
    "networkPolicy": {"dicomFrom": [{"ipBlock": {"cidr": "10.30.0.0/24"}}]},
}
"""What a site with DICOM senders gives beside."""

EVALUATION: Final[dict[str, Any]] = {"bundled": {name: {"enabled": True} for name in ("nats", "postgres", "s3")}}
"""What an evaluation gives."""

_COMPONENT: Final[dict[str, Any]] = {
    "image": "registry.local/of-ours:1",
    "autoscaling": {
        "enabled": True,
        "queue": {"metric": "waiting", "when": "always"},
        "metrics": [
            {"type": "External", "external": {"metric": {"name": "m"}, "target": {"type": "Value", "value": 1}}}
        ],
    },
    "runtimeClassName": "special",
    "nodeSelector": {"disk": "fast"},
    "affinity": {"podAntiAffinity": {}},
    "tolerations": [{"key": "ecg", "operator": "Exists"}],
    "podAnnotations": {"a": "b"},
}

EVERYTHING: Final[dict[str, Any]] = {
    "global": {"of": "a parent chart"},
    "image": {"tag": "0.1.0", "pullSecrets": ["registry"]},
    "secret": {
        "storageAccessKey": "access",
        "storageSecretKey": "secret",
        "databaseUrl": "postgresql+asyncpg://einthoven:secret@postgres:6432/einthoven",
        "bootstrapKey": "eth_" + "0" * 43,
    },
    "storage": {"endpoint": "s3:9000", "caSecret": "s3-ca", "proxyUrl": "http://proxy:3128"},
    "nats": {"url": "tls://nats:4222", "replicas": 3, "credentialsSecret": "nats-creds", "caSecret": "nats-ca"},
    "database": {"caSecret": "database-ca"},
    "proxy": {"http": "http://proxy:3128", "https": "http://proxy:3128", "except": ["10.0.0.0/8"]},
    "telemetry": {"otlpEndpoint": "http://collector:4317"},
    "monitoring": {
        "when": "always",
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True},
    },
    "priorityClasses": {"create": True},
    "networkPolicy": {
        "dns": {"ports": [53, 5353]},
        "database": {"ports": [5432, 6432], "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        "apiServer": {"cidrs": ["10.96.0.1/32"]},
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "gatewayFrom": [{"namespaceSelector": {}}],
        **RECEIVING["networkPolicy"],
    },
    "ingress": {"enabled": True, "className": "any", "annotations": {"a": "b"}, "tlsSecret": "certificate"},
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["ecg.local"]},
    "gateway": {**_COMPONENT, "service": {"type": "LoadBalancer", "nodePort": 30080, "annotations": {"a": "b"}}},
    "ingest": {**_COMPONENT, "settings": {"RPC__DRAIN_SECONDS": "10", "TELEMETRY__LOG_LEVEL": "debug"}},
    "signalAnalysis": _COMPONENT,
    "inference": _COMPONENT,
    "trainer": _COMPONENT,
    "exchange": _COMPONENT,
    "dicomReceiver": {
        **{key: value for key, value in _COMPONENT.items() if key != "autoscaling"},
        **RECEIVING["dicomReceiver"],
        "aeTitle": "ECG ARCHIVE",
        "dataset": "from carts",
        "associations": 4,
        "maxObjectMiB": 16,
        "tls": {"secret": "dicom-certificate", "clientCaSecret": "dicom-carts"},
        "service": {
            "type": "LoadBalancer",
            "port": 104,
            "nodePort": 30104,
            "loadBalancerSourceRanges": ["10.30.0.0/24"],
            "annotations": {"a": "b"},
        },
    },
    "worker": {
        **{key: value for key, value in _COMPONENT.items() if key != "autoscaling"},
        "queue": "trainings",
        "gpuResource": "amd.com/gpu",
        "settings": {"PRECISION": "bfloat16"},
    },
}
"""Every switch on, but for what excludes another."""

LOCAL: Final[dict[str, Any]] = {
    **LEAST,
    "trainer": {"launcher": "local"},
    "networkPolicy": {"enabled": False},
    "gateway": {"service": {"type": "NodePort"}},
}
"""Every switch off."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What Helm made of the chart and some values."""

    error: str | None
    lint: list[Any]
    objects: list[dict[str, Any]]
    notes: str

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """Return the only object of a kind and a name, without that of the release."""
        wanted = f"einthoven-{name}"
        (found,) = (each for each in self.objects if (each["kind"], each["metadata"]["name"]) == (kind, wanted))
        return found

    def one(self, kind: str, component: str) -> dict[str, Any]:
        """Return a component's only object of a kind."""
        (found,) = (each for each in self.objects if each["kind"] == kind and _component(each) == component)
        return found


def render(values: dict[str, Any], scratch: Path, chart: Path = CHART, *, revision: int = 1) -> Rendering:
    """Lint the chart strictly and render it: the first revision as an installation, later ones as upgrades."""
    given = scratch / "values.json"
    given.write_text(json.dumps(values), encoding="utf-8")
    ran = subprocess.run([PYTHON, RENDERER, chart, given, str(revision)], capture_output=True, text=True, check=True)
    answer = json.loads(ran.stdout)
    texts = [text for name, text in sorted(answer["files"].items()) if name.endswith(".yaml")]
    objects = [each for text in texts for each in yaml.safe_load_all(text) if each]
    notes = "".join(text for name, text in answer["files"].items() if name.endswith("NOTES.txt"))
    return Rendering(answer["error"], answer["lint"], objects, notes)


def invalid(objects: list[dict[str, Any]], version: str) -> Iterator[str]:
    """Yield what a version of Kubernetes would refuse, unknown properties included."""
    for each in objects:
        if each["apiVersion"].startswith(FOREIGN):
            continue
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except ValidationError as error:
            yield f"{each['kind']} {each['metadata']['name']}: {error.message}"


def unrestricted(pod: dict[str, Any]) -> Iterator[str]:
    """Yield what keeps a pod from the restricted profile of Pod Security, and from a read-only root."""
    context = pod["securityContext"]
    if context.get("runAsNonRoot") is not True or context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "The pod does not run as an ordinary user under the runtime's seccomp profile."
    for container in [*pod.get("initContainers", ()), *pod["containers"]]:
        rights = container["securityContext"]
        if rights.get("allowPrivilegeEscalation") is not False or rights.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{container['name']} keeps capabilities or may gain them."
        if rights.get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']} can write to its root filesystem."


def pods(rendering: Rendering) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the specification of every pod that the chart makes, or has the trainer make."""
    for each in [*rendering.objects, *_jobs_of_trainings(rendering)]:
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "Pod":
            yield name, each["spec"]
        elif each["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield name, each["spec"]["template"]["spec"]


def worker_job(rendering: Rendering) -> dict[str, Any]:
    """Return the Job of a training, before the trainer has filled it in."""
    (job,) = _jobs_of_trainings(rendering)
    return job


def _jobs_of_trainings(rendering: Rendering) -> list[dict[str, Any]]:
    texts = [each["data"]["job.yaml"] for each in rendering.objects if "job.yaml" in (each.get("data") or {})]
    return [dict(yaml.safe_load(text)) for text in texts]


def environment(rendering: Rendering, component: str) -> dict[str, str]:
    """Return a component's environment, with placeholders for its secrets and without what libraries read."""
    (container,) = rendering.one("Deployment", component)["spec"]["template"]["spec"]["containers"]
    return dict(rendering.one("ConfigMap", component)["data"]) | entries(container)


def entries(container: dict[str, Any]) -> dict[str, str]:
    """Return the entries of a container's environment, with placeholders for its secrets."""
    return {
        entry["name"]: entry["value"] if "value" in entry else PLACEHOLDERS[_source(entry["valueFrom"])]
        for entry in container["env"]
        if entry["name"] not in LIBRARIES and not entry.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
    }


def _source(reference: dict[str, Any]) -> str:
    return str(reference["secretKeyRef"]["key"] if "secretKeyRef" in reference else reference["fieldRef"]["fieldPath"])


def settings_of(component: str) -> type[DeployableSettings]:
    """Return the Settings class of a component."""
    room = component.replace("-", "_")
    module = importlib.import_module("gateway.settings" if room == "gateway" else f"services.{room}.settings")
    (kind,) = (
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, DeployableSettings) and each.__module__ == module.__name__
    )
    return kind


def _component(each: dict[str, Any]) -> str:
    return str(each["metadata"].get("labels", {}).get("app.kubernetes.io/component"))
