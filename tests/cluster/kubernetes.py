"""kubectl and helm, in one namespace."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Json = dict[str, Any]
COMMAND_SECONDS: Final = 600
POLL_SECONDS: Final = 0.5


class CommandFailed(AssertionError):
    """kubectl or helm refused; the text says what and why."""


@dataclass(frozen=True)
class Namespace:
    """One namespace of the cluster that KUBECONFIG names."""

    name: str

    def kubectl(self, *arguments: str, stdin: Json | None = None) -> str:
        """Run kubectl here and return what it printed."""
        return command("kubectl", "--namespace", self.name, *arguments, stdin=stdin)

    def helm(self, *arguments: str) -> str:
        """Run helm here and return what it printed."""
        return command("helm", "--namespace", self.name, *arguments)

    def get(self, *arguments: str) -> Json:
        """Return one object."""
        return dict(json.loads(self.kubectl("get", *arguments, "--output", "json")))

    def objects(self, *arguments: str) -> list[Json]:
        """Return the objects of a kind."""
        return list(self.get(*arguments)["items"])

    def pods(self, **labels: str) -> list[Json]:
        """Return the pods with these labels (of app.kubernetes.io), without those that have ended or are leaving."""
        selector = ",".join(f"app.kubernetes.io/{name}={value}" for name, value in labels.items())
        pods = self.objects("pods", "--selector", selector)
        ended = ("Succeeded", "Failed")
        return [p for p in pods if p["status"].get("phase") not in ended and "deletionTimestamp" not in p["metadata"]]

    def python(self, pod: str, program: str) -> str:
        """Run a Python program inside a pod of the platform, whose images have Python and little else."""
        return self.kubectl("exec", pod, "--", "python", "-c", program)


def command(*arguments: str, stdin: Json | None = None) -> str:
    """Run a command and return what it printed; CommandFailed says what it complained of."""
    ran = subprocess.run(
        arguments,
        input=None if stdin is None else json.dumps(stdin),
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    if ran.returncode:
        raise CommandFailed(f"{' '.join(arguments)[:300]}: {ran.stderr.strip()[-3000:]}")
    return ran.stdout


def until(what: str, holds: Callable[[], object], seconds: float = 120) -> float:
    """Wait until something holds and return how long that took; the text says what was waited for in vain."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"Within {seconds:g} s, {what} did not come true.")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began


def ready(pod: Json) -> bool:
    """Say whether a pod is ready."""
    return condition(pod, "Ready").get("status") == "True"


def condition(pod: Json, name: str) -> Json:
    """Return a condition of a pod, empty where it has none of that name."""
    return next((each for each in pod["status"].get("conditions", ()) if each["type"] == name), {})


def start_seconds(pod: Json) -> float:
    """Return how long a ready pod took from being scheduled, to the second, which is all that Kubernetes tells."""
    scheduled, begun = (condition(pod, name)["lastTransitionTime"] for name in ("PodScheduled", "Ready"))
    return (datetime.fromisoformat(begun) - datetime.fromisoformat(scheduled)).total_seconds()


def name_of(item: Json) -> str:
    """Return an object's name."""
    return str(item["metadata"]["name"])


def component_of(item: Json) -> str:
    """Return which part of the platform an object belongs to."""
    return str(item["metadata"].get("labels", {}).get("app.kubernetes.io/component", ""))
