"""The chart on a cluster: installed, asked, looked into."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.cluster.kubernetes import CommandFailed, Json, Namespace, component_of, name_of, ready
from tests.cluster.settings import ClusterSettings

CHART: Final = Path(__file__).parents[2] / "helm" / "einthoven"
VALUES: Final = Path(__file__).parent / "values.yaml"
RELEASE: Final = "proof"
DEPLOYABLES: Final = ("gateway", "ingest", "signal-analysis", "inference", "trainer", "exchange")
BUNDLED: Final = ("nats", "postgres", "s3")
CALL_SECONDS: Final = 120.0
LOG_LINES: Final = 25


@dataclass(frozen=True)
class Release:
    """One installation of the chart."""

    settings: ClusterSettings
    namespace: Namespace
    name: str = RELEASE

    def install(self) -> None:
        """Install, and wait until everything is ready."""
        self._helm("install", self.name, str(CHART), *self._given(), "--wait", "--wait-for-jobs")

    def upgrade(self, tag: str) -> None:
        """Go to another build, and wait until everything is ready."""
        self._helm("upgrade", self.name, str(CHART), *self._given(), "--set-string", f"image.tag={tag}", "--wait")

    def rollback(self) -> None:
        """Go back to the revision before, and wait until everything is ready."""
        self._helm("rollback", self.name, "--wait")

    def _given(self) -> list[str]:
        settings = self.settings
        files = [VALUES, *([settings.values] if settings.values else [])]
        given = {"image.registry": settings.registry, "image.tag": settings.tag}
        given |= {"gateway.service.type": "NodePort"}
        strings = [f"--set-string={name}={value}" for name, value in given.items()]
        return [
            *(f"--values={file}" for file in files),
            *strings,
            f"--set=gateway.service.nodePort={settings.node_port}",
        ]

    def _helm(self, *arguments: str) -> None:
        try:
            self.namespace.helm(*arguments, "--timeout", f"{self.settings.wait_seconds}s")
        except CommandFailed as failure:
            raise CommandFailed(f"{failure}\n{self.diagnosis()}") from None

    def pods(self, component: str | None = None) -> list[Json]:
        """Return the running pods of the platform and its bundled servers, or of one component."""
        if component is not None:
            return self.namespace.pods(instance=self.name, component=component)
        return [p for p in self.namespace.pods(instance=self.name) if component_of(p) in (*DEPLOYABLES, *BUNDLED)]

    def all_ready(self) -> bool:
        """Say whether every pod is ready."""
        return all(ready(pod) for pod in self.pods())

    def image_of(self, component: str) -> str:
        """Return the image that a deployable runs."""
        deployment = self.namespace.get("deployment", f"{self.name}-{component}")
        return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])

    def secrets(self) -> dict[str, dict[str, str]]:
        """Return what every Secret holds, as it lies there; helm's own history is left out."""
        found = self.namespace.objects("secrets", "--field-selector", "type!=helm.sh/release.v1")
        return {name_of(secret): secret.get("data", {}) for secret in found}

    def api_key(self) -> str:
        """Return the first administrator's key, which the chart generated."""
        return base64.b64decode(self.secrets()[self.name]["bootstrap-key"]).decode()

    def client(self) -> httpx.Client:
        """Return a client of the REST surface, through the NodePort."""
        headers = {"Authorization": f"Bearer {self.api_key()}"}
        base = f"{self.settings.url}/api/v1"
        return httpx.Client(base_url=base, headers=headers, timeout=CALL_SECONDS, trust_env=False)

    def answers(self) -> bool:
        """Say whether the platform is ready, as told through the NodePort."""
        try:
            return httpx.get(f"{self.settings.url}/readyz", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def diagnosis(self) -> str:
        """Return what somebody needs to see why something is not as it should be."""
        told = [self.namespace.kubectl("get", "pods,jobs", "--output", "wide")]
        events = self.namespace.kubectl("get", "events", "--sort-by=.lastTimestamp", "--field-selector", "type!=Normal")
        told.append("\n".join(events.splitlines()[-20:]))
        ailing = [p for p in self.namespace.objects("pods") if not ready(p) and p["status"].get("phase") != "Succeeded"]
        return "\n".join([*told, *(f"--- {name_of(pod)}\n{self._log(name_of(pod))}" for pod in ailing)])

    def _log(self, pod: str) -> str:
        try:
            return self.namespace.kubectl("logs", pod, "--all-containers", f"--tail={LOG_LINES}")
        except CommandFailed as failure:
            return str(failure)
