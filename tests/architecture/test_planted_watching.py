"""The checks of alerts, dashboard, runbooks and manifests are seen failing on a copy of the tree with a fault in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import alerts, chart, manifests, policies
from tests.architecture.tree import ROOT

Change = Callable[[str, str, str], None]
HELM = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what is watched with."""
    for folder in ("helm", "docs/runbooks", "deploy/observability"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def change(tree: Path) -> Change:
    """Put something else in the place of a text."""

    def put(name: str, old: str, new: str) -> None:
        path = tree / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return put


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("max by (namespace, deployable) (", "max by (namespace, deployable (", "is no PromQL"),
        ("einthoven_ready{", "einthoven_redy{", "nobody tells einthoven_redy"),
        ('deployable="gateway"', 'deployble="gateway"', "einthoven_ready has no label deployble"),
        ('deployable="gateway"', 'deployable="gateways"', "deployable is never gateways"),
        ("(namespace, deployable, dependency)", "(namespace, dependable)", "dependable is a label of nothing"),
        ('{namespace="einthoven", deployable="gateway"}', '{deployable="gateway"}', "looks into every namespace"),
        ("severity: critical", "severity: bad", "its severity is none of"),
        ("summary: No {{ $labels.deployable }} takes calls.", "summary: ''", "it has no sentence as summary"),
        ("runbooks/EinthovenServiceDown.md", "runbooks/Down.md", "its runbook_url is not that of its page"),
        ("alert: EinthovenServiceDown", "alert: EinthovenPlanted", "EinthovenPlanted has no page"),
        ("alert: EinthovenServiceDown", "alert: EinthovenPlanted", "EinthovenServiceDown.md is the page of no alert"),
        ("alert: EinthovenServiceDown", "alert: EinthovenServiceMissing", "EinthovenServiceMissing is there twice"),
    ],
)
def test_a_fault_of_an_alert_is_seen(old: str, new: str, fault: str, tree: Path, change: Change) -> None:
    change(alerts.RULES, old, new)

    assert [each for each in alerts.faults(tree) if fault in each]


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("EinthovenDeadLetters.md", "## Causes", "## Why", "does not have the headings"),
        ("README.md", "[EinthovenDeadLetters](EinthovenDeadLetters.md)", "it", "leaves out EinthovenDeadLetters"),
    ],
)
def test_a_fault_of_a_runbook_is_seen(name: str, old: str, new: str, fault: str, tree: Path, change: Change) -> None:
    change(f"docs/runbooks/{name}", old, new)

    assert [each for each in alerts.faults(tree) if fault in each]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("einthoven_inference_waiting", "einthoven_inference_queue", "nobody tells einthoven_inference_queue"),
        ('"id": 2,', '"id": 1,', "the same id"),
        ('"w": 14', '"w": 15', "it is wider than the dashboard"),
        ('"x": 10', '"x": 9', "it lies over Services"),
        ('{namespace=\\"$namespace\\"}', "", "it looks into every namespace"),
        (
            '"uid": "${datasource}"\n   },\n   "gridPos"',
            '"uid": "mine"\n   },\n   "gridPos"',
            "it does not ask the chosen Prometheus",
        ),
    ],
)
def test_a_fault_of_the_dashboard_is_seen(old: str, new: str, fault: str, tree: Path, change: Change) -> None:
    change(alerts.DASHBOARD, old, new)

    assert [each for each in alerts.dashboard_faults(tree) if fault in each]


def test_a_figure_that_operators_are_not_told_of_is_seen(tree: Path, change: Change) -> None:
    change(alerts.OVERVIEW, "`einthoven_audit_rows_waiting`", "`einthoven_audit_rows_planted`")

    assert alerts.untold(tree) == ["einthoven_audit_rows_planted", "einthoven_audit_rows_waiting"]


def test_scaling_by_a_figure_that_nobody_tells_is_seen(tree: Path, change: Change) -> None:
    change(alerts.VALUES, '"einthoven_inference_waiting"', '"einthoven_planted"')

    assert list(alerts.scaled_in_vain(tree)) == ["einthoven_planted"]


@HELM
def test_checkov_sees_weak_pods(tree: Path, change: Change, tmp_path: Path) -> None:
    for old, new in (("Escalation: false", "Escalation: true"), ("[ALL]", "[NET_RAW]"), ("User: 10001", "User: 1")):
        change("helm/einthoven/templates/_pod.tpl", old, new)
    folder = tmp_path / "manifests"
    folder.mkdir()

    policies.write(chart.render(chart.LEAST, tmp_path, tree / "helm/einthoven").objects, folder / "least.yaml")

    seen = {each.check for each in policies.findings(folder) if not each.answered}
    assert {"CKV_K8S_20", "CKV_K8S_37", "CKV_K8S_40"} <= seen


@HELM
def test_a_manifest_that_nobody_agreed_on_is_seen(tree: Path, change: Change, tmp_path: Path) -> None:
    change(alerts.VALUES, "drainSeconds: 20", "drainSeconds: 25")

    difference = manifests.difference(tmp_path, tree)

    assert "-  EINTHOVEN_INGEST_RPC__DRAIN_SECONDS: '20'\n+  EINTHOVEN_INGEST_RPC__DRAIN_SECONDS: '25'" in difference
