"""Who talks to whom: as docs/architecture.md tells it, and as the chart's network policies allow it."""

import re
from collections.abc import Iterator
from typing import Any, Final

Flow = tuple[str, str]

PODS: Final = {
    "gateway",
    "ingest",
    "signal-analysis",
    "inference",
    "trainer",
    "exchange",
    "dicom-receiver",
    "worker",
    "migrations",
    "test",
}
SERVERS: Final = {"object store": "s3", "bus": "nats", "database": "postgres"}
COMPONENT: Final = "app.kubernetes.io/component"
_TABLE = re.compile(r"^\| from \| to \| port \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)


def drawn(document: str) -> Iterator[Flow]:
    """Yield every way between pods that the table of flows names; rows of what lies outside name none."""
    table = _TABLE.search(document)
    for row in table[1].splitlines() if table else ():
        sources, targets, _ = (cell.strip() for cell in row.strip("|").split("|"))
        for source in PODS & set(re.split(r",\s*", sources)):
            for target in re.split(r",\s*", targets):
                if target in PODS or target in SERVERS:
                    yield source, SERVERS.get(target, target)


def outgoing(objects: list[dict[str, Any]]) -> Iterator[Flow]:
    """Yield every way to a pod of the release that some policy opens at its beginning."""
    for policy in _policies(objects):
        for rule in policy["spec"].get("egress") or ():
            for peer in _components(rule.get("to") or ()):
                yield _own(policy), peer


def incoming(objects: list[dict[str, Any]]) -> Iterator[Flow]:
    """Yield every way from a pod of the release that some policy opens at its end; the gateway is open to all."""
    for policy in _policies(objects):
        for rule in policy["spec"].get("ingress") or ():
            peers = list(_components(rule.get("from") or ()))
            if _own(policy) == "gateway" and "from" not in rule:
                peers = ["test"]
            for peer in peers:
                yield peer, _own(policy)


def _policies(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in objects:
        if each["kind"] == "NetworkPolicy" and COMPONENT in each["spec"]["podSelector"]["matchLabels"]:
            yield each


def _own(policy: dict[str, Any]) -> str:
    return str(policy["spec"]["podSelector"]["matchLabels"][COMPONENT])


def _components(peers: Any) -> Iterator[str]:
    for peer in peers:
        labels = peer.get("podSelector", {}).get("matchLabels", {})
        if COMPONENT in labels:
            yield str(labels[COMPONENT])
