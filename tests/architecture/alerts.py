"""The alerts and the dashboard, held against what the services really tell and against the runbooks."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.architecture import promql

RULES: Final = "helm/einthoven/alerts/rules.yaml"
VALUES: Final = "helm/einthoven/values.yaml"
SCRAPING: Final = "deploy/observability/prometheus.yaml"
OVERVIEW: Final = "deploy/observability/README.md"
DASHBOARD: Final = "helm/einthoven/dashboards/einthoven.json"
RUNBOOKS: Final = "docs/runbooks"
SEVERITIES: Final = {"critical", "warning", "info"}
HEADINGS: Final = ["What it means", "How to look", "Causes", "What to do", "When to escalate"]
NAMESPACE: Final = 'namespace="einthoven"'
"""What the chart puts its own namespace in the place of."""
COLUMNS: Final = 24
"""The width of a dashboard."""


@cache
def rules(root: Path) -> list[dict[str, Any]]:
    """Return every alert of a tree."""
    groups = yaml.safe_load((root / RULES).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def faults(root: Path) -> Iterator[str]:
    """Yield what is wrong with the alerts of a tree and with their pages."""
    names = [rule["alert"] for rule in rules(root)]
    yield from (f"{name} is there twice." for name in sorted(set(names)) if names.count(name) > 1)
    for rule in rules(root):
        yield from (f"{rule['alert']}: {fault}" for fault in (*_dressed(rule), *promql.faults(rule["expr"])))
        yield from (f"{rule['alert']} looks into every namespace: {each}" for each in _unscoped(rule["expr"]))
    yield from _pages(root, set(names))


def _dressed(rule: dict[str, Any]) -> Iterator[str]:
    if rule["labels"].get("severity") not in SEVERITIES:
        yield f"its severity is none of {', '.join(sorted(SEVERITIES))}."
    for name in ("summary", "description"):
        if not rule["annotations"].get(name, "").endswith("."):
            yield f"it has no sentence as {name}."
    if rule["annotations"].get("runbook_url") != f"{RUNBOOKS}/{rule['alert']}.md":
        yield "its runbook_url is not that of its page."


def _unscoped(expression: str) -> list[str]:
    return [name for name, labels in promql.selectors(expression) if ("namespace", "=", "einthoven") not in labels]


def _pages(root: Path, alerts: set[str]) -> Iterator[str]:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (root / RUNBOOKS).glob("Einthoven*.md")}
    yield from (f"{name} has no page in {RUNBOOKS}." for name in sorted(alerts - set(pages)))
    yield from (f"{RUNBOOKS}/{name}.md is the page of no alert." for name in sorted(set(pages) - alerts))
    index = (root / RUNBOOKS / "README.md").read_text(encoding="utf-8")
    yield from (
        f"The index of the runbooks leaves out {name}." for name in sorted(pages) if f"({name}.md)" not in index
    )
    for name, text in sorted(pages.items()):
        if re.findall(r"^## (.+)$", text, re.MULTILINE) != HEADINGS:
            yield f"{RUNBOOKS}/{name}.md does not have the headings {', '.join(HEADINGS)}."


def untold(root: Path) -> list[str]:
    """Return the metrics of the code that the overview for operators leaves out, and those it makes up."""
    written = set(re.findall(r"`(einthoven_\w+)", (root / OVERVIEW).read_text(encoding="utf-8")))
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name in promql.ours()}
    return sorted(written ^ told)


def scaled_in_vain(root: Path) -> Iterator[str]:
    """Yield the metrics by which the chart scales a component, and which nobody tells."""
    values = yaml.safe_load((root / VALUES).read_text(encoding="utf-8"))
    scalings = (each["autoscaling"] for each in values.values() if "autoscaling" in each)
    yield from (name for each in scalings if (name := each["queue"]["metric"]) and name not in promql.ours())


def dashboard_faults(root: Path) -> Iterator[str]:
    """Yield what is wrong with the dashboard of a tree."""
    board = json.loads((root / DASHBOARD).read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) < len(ids):
        yield "Two panels have the same id."
    variables = {each["name"] for each in board["templating"]["list"]}
    if variables != {"datasource", "namespace"}:
        yield f"The dashboard's variables are {', '.join(sorted(variables))}."
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        yield from (f"{panel['title']}: {fault}" for fault in (*_placed(panel, taken), *_asks(panel)))


def _placed(panel: dict[str, Any], taken: dict[tuple[int, int], str]) -> Iterator[str]:
    place = panel["gridPos"]
    if place["x"] + place["w"] > COLUMNS:
        yield "it is wider than the dashboard."
    cells = [(x + place["x"], y + place["y"]) for x in range(place["w"]) for y in range(place["h"])]
    yield from (f"it lies over {name}." for name in sorted({taken[cell] for cell in cells if cell in taken}))
    taken.update(dict.fromkeys(cells, panel["title"]))


def _asks(panel: dict[str, Any]) -> Iterator[str]:
    if panel["type"] == "row":
        return
    if panel["datasource"]["uid"] != "${datasource}" or not panel["targets"]:
        yield "it does not ask the chosen Prometheus."
    for target in panel["targets"]:
        yield from promql.faults(target["expr"].replace("$__rate_interval", "5m"))
        if 'namespace="$namespace"' not in target["expr"]:
            yield "it looks into every namespace."
