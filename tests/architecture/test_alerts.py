import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import alerts, chart
from tests.architecture.tree import ROOT

BUILT = ROOT / "build/bin/promtool"
PROMTOOL = shutil.which("promtool") or (str(BUILT) if BUILT.exists() else None)
HELM = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")
WATCHED: dict[str, Any] = {
    **chart.LEAST,
    "monitoring": {
        "when": "always",
        "podMonitor": {"enabled": True},
        "rules": {
            "enabled": True,
            "disabled": ["EinthovenSignInsRefused"],
            "alertLabels": {"team": "platform"},
            "runbooks": "https://wiki/runbooks/",
        },
        "dashboard": {"enabled": True},
    },
}


def test_every_alert_asks_for_what_is_told_and_has_a_page() -> None:
    assert list(alerts.faults(ROOT)) == []


def test_the_dashboard_asks_for_what_is_told() -> None:
    assert list(alerts.dashboard_faults(ROOT)) == []


def test_operators_are_told_of_every_figure() -> None:
    assert alerts.untold(ROOT) == []


def test_the_chart_scales_by_figures_that_are_told() -> None:
    assert list(alerts.scaled_in_vain(ROOT)) == []


@pytest.mark.skipif(PROMTOOL is None, reason="There is no promtool: `make promtool` builds it where Go is.")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", alerts.RULES),
        ("check", "config", alerts.SCRAPING),
        ("test", "rules", "tests/architecture/alerts.yaml"),
    ],
)
def test_every_alert_fires_when_it_should_and_only_then(command: tuple[str, ...]) -> None:
    ran = subprocess.run([str(PROMTOOL), *command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    cases = (ROOT / "tests/architecture/alerts.yaml").read_text(encoding="utf-8")

    fired = set(re.findall(r"labels: '{alertname=\"(\w+)\"}'", cases))

    assert fired == {rule["alert"] for rule in alerts.rules(ROOT)}


@HELM
def test_the_chart_hands_over_the_alerts_of_its_own_namespace(tmp_path: Path) -> None:
    rendering = chart.render(WATCHED, tmp_path)

    (made,) = (each for each in rendering.objects if each["kind"] == "PrometheusRule")
    rules = {rule["alert"]: rule for group in made["spec"]["groups"] for rule in group["rules"]}
    source = {rule["alert"]: rule for rule in alerts.rules(ROOT)}
    down = rules["EinthovenServiceDown"]
    assert set(source) - set(rules) == {"EinthovenSignInsRefused"}
    assert down["expr"] == source["EinthovenServiceDown"]["expr"]  # The tests render into the namespace "einthoven".
    assert down["labels"] == {"severity": "critical", "team": "platform"}
    assert down["annotations"]["runbook_url"] == "https://wiki/runbooks/EinthovenServiceDown.md"


@HELM
def test_the_chart_hands_over_the_dashboard_unchanged(tmp_path: Path) -> None:
    rendering = chart.render(WATCHED, tmp_path)

    (made,) = (each for each in rendering.objects if each["metadata"]["name"] == "einthoven-dashboard")
    assert json.loads(made["data"]["einthoven.json"]) == json.loads((ROOT / alerts.DASHBOARD).read_text("utf-8"))
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"


@HELM
def test_objects_of_the_operator_are_left_out_where_nobody_knows_them(tmp_path: Path) -> None:
    values = {**WATCHED, "monitoring": {**WATCHED["monitoring"], "when": "available"}}

    kinds = {each["kind"] for each in chart.render(values, tmp_path).objects}

    assert not kinds & {"PrometheusRule", "PodMonitor"}
