"""What an expression asks Prometheus for, held against the metrics that the code defines."""

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, get_args

import promql_parser
from prometheus_client import REGISTRY

from services.shared.errors import ErrorCode
from tests.architecture.tree import ROOT, modules

TARGET_LABELS: Final = {"namespace", "pod", "container", "job", "instance", "le"}
"""What Prometheus itself puts on every series, and on buckets."""
FOREIGN: Final = {
    "ALERTS": {"alertname", "alertstate", "severity"},
    "kube_pod_container_status_restarts_total": set[str](),
    "kubelet_volume_stats_available_bytes": {"persistentvolumeclaim"},
    "kubelet_volume_stats_capacity_bytes": {"persistentvolumeclaim"},
    "process_cpu_seconds_total": set[str](),
    "process_open_fds": set[str](),
    "process_resident_memory_bytes": set[str](),
}
"""Metrics of Prometheus, its client, the kubelet and kube-state-metrics, with their labels."""

Selector = tuple[str, set[tuple[str, str, str]]]
"""A metric, and the label, operator and value of each condition."""
_OPERATORS: Final = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


@cache
def ours() -> dict[str, set[str]]:
    """Return every name under which our code tells a figure, with its labels."""
    for path in modules(ROOT, "services", "gateway"):
        if "from prometheus_client import" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    collectors = REGISTRY._names_to_collectors
    families = {name.removesuffix(end) for name in collectors for end in ("_total", "_bucket") if name.endswith(end)}
    return {
        name: set(getattr(collector, "_labelnames", ()))
        for name, collector in collectors.items()
        if name.startswith("einthoven_") and not name.endswith("_created") and name not in families
    }


@cache
def values() -> dict[str, set[str]]:
    """Return the values that labels with few of them can have."""
    records = importlib.import_module("services.ingest.records")
    trainings = importlib.import_module("services.trainer.trainings")
    measuring = importlib.import_module("services.signal_analysis.metrics")
    codes = {code.value for code in ErrorCode}
    return {
        "deployable": {"gateway", "ingest", "signal_analysis", "inference", "trainer", "exchange"},
        "code": codes | {"OK"},
        "reason": codes,
        "state": set(get_args(trainings.State)),
        "outcome": {each.value for each in records.Outcome}
        | {"done", "failed", "dead"}
        | set(get_args(measuring.Outcome)),
    }


def faults(expression: str) -> Iterator[str]:
    """Yield why an expression is no PromQL, or what it asks for in vain."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as error:
        yield f"{expression!r} is no PromQL: {error}."
        return
    known: set[str] = set(TARGET_LABELS)
    for name, conditions in _selectors(tree):
        labels = FOREIGN.get(name, ours().get(name))
        if labels is None:
            yield f"nobody tells {name}."
            continue
        known |= labels
        yield from _vain(name, labels, conditions)
    yield from (f"{label} is a label of nothing it asks for." for label in sorted(_grouping(tree) - known))


def selectors(expression: str) -> list[Selector]:
    """Return what an expression asks for; what is no PromQL asks for nothing."""
    try:
        return list(_selectors(promql_parser.parse(expression)))
    except ValueError:
        return []


def _vain(name: str, labels: set[str], conditions: set[tuple[str, str, str]]) -> Iterator[str]:
    for label, operator, value in sorted(conditions):
        if label not in labels | TARGET_LABELS:
            yield f"{name} has no label {label}."
        elif label in values():
            wanted = {value} if operator in {"=", "!="} else set(value.split("|"))
            yield from (f"{label} is never {each}." for each in sorted(wanted - values()[label]))


def _selectors(tree: Any) -> Iterator[Selector]:
    for node in _nodes(tree):
        if isinstance(node, promql_parser.VectorSelector):
            conditions = {(each.name, _OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers}
            yield node.name or "", conditions


def _grouping(tree: Any) -> set[str]:
    aggregations = (node for node in _nodes(tree) if isinstance(node, promql_parser.AggregateExpr))
    return {label for node in aggregations if node.modifier for label in node.modifier.labels}


def _nodes(tree: Any) -> list[Any]:
    found: list[Any] = []

    def visit(node: Any) -> bool:
        found.append(node)
        return True

    promql_parser.walk(tree, visit)
    return found
