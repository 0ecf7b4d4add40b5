"""The demonstration does on the cluster what it does in one process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.figures import Figures
from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SAME = ("ecgs", "files_by_format", "label_counts", "measured_on")
SYNTHESIZED = "Synthesized 12-lead ECGs of seven diagnoses"
TOLERANCE = 0.05
"""Of F1 and AUROC: the same figures on the same machine, and sums in another order on another one."""


def _demo(output: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("einthoven")), "demo", "--output", str(output), *arguments]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,  # noqa: TID251 what a child process starts with
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return dict(json.loads((output / "report.json").read_text()))


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> dict[str, Any]:
    """The report of `make demo`, or of one made now where that was not run, or on other ECGs."""
    made = ROOT / "demo-output" / "report.json"
    told = dict(json.loads(made.read_text())) if made.exists() else {}
    if told.get("dataset") == SYNTHESIZED:
        return told
    with figures.step("demo in one process, to compare with"):
        return _demo(tmp_path_factory.mktemp("embedded"))


def test_the_demonstration_comes_to_the_same_result(
    release: Release, tmp_path: Path, embedded: dict[str, Any], figures: Figures
) -> None:
    with figures.step("demo through the NodePort"):
        told = _demo(tmp_path, "--url", release.settings.url, EINTHOVEN_API_KEY=release.api_key())
    figures.remarks.append(f"demo: F1 {told['f1']:.3f} on the cluster, {embedded['f1']:.3f} in one process")

    assert {name: told[name] for name in SAME} == {name: embedded[name] for name in SAME}
    assert list(told["seconds_by_step"]) == list(embedded["seconds_by_step"])
    assert len(told["epochs"]) == len(embedded["epochs"])
    assert told["f1"] == pytest.approx(embedded["f1"], abs=TOLERANCE)
    assert told["auroc_macro"] == pytest.approx(embedded["auroc_macro"], abs=TOLERANCE)
