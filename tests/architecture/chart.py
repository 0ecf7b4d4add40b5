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
PLACEHOLDERS: Final = {
    "identity-secret": "0" * 32,
    "storage-access-key": "access",
    "storage-secret-key": "secret",
    "database-url": "postgresql+asyncpg://einthoven:secret@postgres/einthoven",
}

LEAST: Final[dict[str, Any]] = {
    "storage": {"endpoint": "s3:9000"},
    "nats": {"url": "nats://nats:4222"},
    "secret": {"existing": "einthoven-given"},
}
"""What must be given."""

EVERYTHING: Final[dict[str, Any]] = {
    "global": {"of": "a parent chart"},
    "image": {"tag": "0.1.0", "pullSecrets": ["registry"]},
    "secret": {
        "storageAccessKey": "access",
        "storageSecretKey": "secret",
        "databaseUrl": "postgresql+asyncpg://einthoven:secret@postgres/einthoven",
    },
    "storage": {"endpoint": "s3:9000", "caSecret": "s3-ca"},
    "nats": {"url": "tls://nats:4222", "credentialsSecret": "nats-creds", "caSecret": "nats-ca"},
    "telemetry": {"otlpEndpoint": "http://collector:4317"},
    "networkPolicy": {
        "dependencyCidrs": ["10.0.0.0/8"],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "gatewayFrom": [{"namespaceSelector": {}}],
    },
    "ingress": {"enabled": True, "className": "any", "annotations": {"a": "b"}, "tlsSecret": "certificate"},
    "ingest": {
        "settings": {"RPC__DRAIN_SECONDS": "10", "TELEMETRY__LOG_LEVEL": "debug"},
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "ecg", "operator": "Exists"}],
        "podAnnotations": {"a": "b"},
    },
}
"""Every switch on."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What Helm made of the chart and some values."""

    error: str | None
    lint: list[Any]
    objects: list[dict[str, Any]]

    def one(self, kind: str, component: str) -> dict[str, Any]:
        """Return a component's only object of a kind."""
        (found,) = (each for each in self.objects if each["kind"] == kind and _component(each) == component)
        return found


def render(values: dict[str, Any], scratch: Path, chart: Path = CHART) -> Rendering:
    """Lint the chart strictly and render it."""
    given = scratch / "values.json"
    given.write_text(json.dumps(values), encoding="utf-8")
    ran = subprocess.run([PYTHON, RENDERER, chart, given], capture_output=True, text=True, check=True)
    answer = json.loads(ran.stdout)
    texts = [text for name, text in answer["files"].items() if name.endswith(".yaml")]
    objects = [each for text in texts for each in yaml.safe_load_all(text) if each]
    return Rendering(answer["error"], answer["lint"], objects)


def invalid(objects: list[dict[str, Any]], version: str) -> Iterator[str]:
    """Yield what a version of Kubernetes would refuse, unknown properties included."""
    for each in objects:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except ValidationError as error:
            yield f"{each['kind']} {each['metadata']['name']}: {error.message}"


def unrestricted(pod: dict[str, Any]) -> Iterator[str]:
    """Yield what keeps a pod from the restricted profile of Pod Security, and from a read-only root."""
    context = pod["securityContext"]
    if context.get("runAsNonRoot") is not True or context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "The pod does not run as an ordinary user under the runtime's seccomp profile."
    for container in pod["containers"]:
        rights = container["securityContext"]
        if rights.get("allowPrivilegeEscalation") is not False or rights.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{container['name']} keeps capabilities or may gain them."
        if rights.get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']} can write to its root filesystem."


def environment(rendering: Rendering, component: str) -> dict[str, str]:
    """Return a component's environment, with placeholders for its secrets."""
    (container,) = rendering.one("Deployment", component)["spec"]["template"]["spec"]["containers"]
    given = dict(rendering.one("ConfigMap", component)["data"])
    for entry in container["env"]:
        reference = entry["valueFrom"]["secretKeyRef"]
        if not reference.get("optional"):
            given[entry["name"]] = PLACEHOLDERS[reference["key"]]
    return given


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
