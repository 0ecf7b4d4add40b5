"""What checkov holds against the rendered manifests, and what we answer where we disagree."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.architecture import chart

CHECKOV: Final = chart.PYTHON.with_name("checkov")
ANY: Final = ".*"


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a finding may stand, and on which objects."""

    reason: str
    objects: str = ANY
    """A regular expression of Kind.namespace.name."""


TEST: Final = r"Pod\.einthoven\.einthoven-test"
ANSWERS: Final[Mapping[str, Answer]] = {
    "CKV_K8S_8": Answer("`helm test` runs to its end and serves nobody.", TEST),
    "CKV_K8S_9": Answer("`helm test` runs to its end and serves nobody.", TEST),
    "CKV_K8S_11": Answer(
        "A CPU limit slows a pod down while cores beside it idle, and a slow answer to a probe kills it; requests "
        "share what there is. Memory, which cannot be shared, is limited."
    ),
    "CKV_K8S_15": Answer("Tags are versions and never moved; a node that has the image must start without a registry."),
    "CKV_K8S_35": Answer(
        "Settings are read once from the environment, and a pod runs no process but ours; credentials that are files "
        "by nature (NATS, certificates) are mounted."
    ),
    "CKV_K8S_38": Answer(
        "The trainer makes the Jobs of trainings; its Role says what else it may not.",
        r"Deployment\.einthoven\.einthoven-trainer",
    ),
    "CKV_K8S_43": Answer("Sites mirror the images; `image` of a component takes a digest where one is wanted."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check that one object does not pass."""

    check: str
    name: str
    resource: str

    @property
    def answered(self) -> bool:
        """Whether we have said why it may stand."""
        answer = ANSWERS.get(self.check)
        return answer is not None and re.fullmatch(answer.objects, self.resource) is not None


def write(objects: Iterable[dict[str, Any]], file: Path) -> None:
    """Write manifests for checkov to read."""
    file.write_text(yaml.safe_dump_all(objects, sort_keys=False), encoding="utf-8")


def findings(folder: Path) -> Iterator[Finding]:
    """Yield what checkov finds in a folder of manifests; it reaches for no network."""
    command: list[str | Path] = [CHECKOV, "--directory", folder, "--framework", "kubernetes", "--output", "json"]
    options = ["--compact", "--quiet", "--skip-download", "--soft-fail"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=True, env=environment)
    report = json.loads(ran.stdout)
    # Where there was nothing to check, the summary is all there is.
    summary = report.get("summary", report)
    if summary["parsing_errors"] or not summary["resource_count"]:
        yield Finding("unread", f"checkov read {summary}", str(folder))
    for failed in report.get("results", {}).get("failed_checks", ()):
        yield Finding(failed["check_id"], failed["check_name"], failed["resource"])
