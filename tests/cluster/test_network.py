"""Nothing reaches anything but along the arrows of docs/architecture.md: a pod in each place tries every door."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Json, Namespace, command, component_of, until
from tests.cluster.release import DEPLOYABLES, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

SERVERS: Final = {"nats:nats", "postgres:postgres", "s3:s3"}
FLOWS: Final = {
    "gateway": {
        "ingest:grpc",
        "signal-analysis:grpc",
        "inference:grpc",
        "trainer:grpc",
        "exchange:grpc",
        "postgres:postgres",
    },
    "ingest": SERVERS,
    "signal-analysis": {"ingest:grpc"} | SERVERS,
    "inference": {"ingest:grpc", "exchange:grpc", "s3:s3"},
    "trainer": {"ingest:grpc", "exchange:grpc", "cluster:api"} | SERVERS,
    "exchange": SERVERS,
    "worker": SERVERS,
    "migrations": {"postgres:postgres"},
    "nats": set(),
    "postgres": set(),
    "s3": set(),
}
"""Whom each part reaches; the names of all of them are looked up as well."""
NAMES: Final = "cluster:dns"
STRANGER: Final = "stranger"
STRANGERS_WAY: Final = {"gateway:http"}
"""Where a pod comes in that is no part of the platform, from whichever namespace."""
ELSEWHERE: Final = "cluster:metrics-server"
"""A door that nobody of the platform has business at."""

TRY: Final = """
import concurrent.futures, json, socket, sys, time

def reached(address):
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return True
    return False

time.sleep(3)  # until the policies hold for this pod
doors = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(len(doors)) as pool:
    results = pool.map(reached, map(tuple, doors.values()))
print(json.dumps([name for name, open_ in zip(doors, results) if open_]))
"""


def _doors(release: Release) -> dict[str, tuple[str, int]]:
    """Return an address of every port that a part of the platform names, and some of the cluster's own."""
    doors = {
        f"{component_of(pod)}:{port['name']}": (pod["status"]["podIP"], port["containerPort"])
        for pod in release.pods()
        for container in pod["spec"]["containers"]
        for port in container.get("ports", ())
    }
    services = {"cluster:api": ("default", "kubernetes"), NAMES: ("kube-system", "kube-dns")}
    services |= {ELSEWHERE: ("kube-system", "metrics-server")}
    for name, (namespace, service) in services.items():
        address = _service(namespace, service)
        doors |= {name: address} if address else {}
    return doors


def _service(namespace: str, name: str) -> tuple[str, int] | None:
    """Return a service's address, None where a cluster has none of that name."""
    told = command("kubectl", "--namespace", namespace, "get", "service", name, "--ignore-not-found", "--output=json")
    if not told:
        return None
    spec = json.loads(told)["spec"]
    return spec["clusterIP"], next(each["port"] for each in spec["ports"] if each.get("protocol", "TCP") == "TCP")


def _prober(name: str, image: str, labels: dict[str, str], doors: dict[str, tuple[str, int]]) -> Json:
    """Return a pod that tries every door; it is never ready, so that no service sends it calls."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
    container = {
        "name": "prober",
        "image": image,
        "command": ["python", "-c", TRY, json.dumps(doors)],
        "securityContext": security,
        "readinessProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 3600},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"prober-{name}", "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }


def _reached(namespace: Namespace, pods: list[Json]) -> dict[str, set[str]]:
    """Run the probers side by side and return what each reached."""
    names = [pod["metadata"]["name"] for pod in pods]
    namespace.kubectl("create", "--filename", "-", stdin={"apiVersion": "v1", "kind": "List", "items": pods})
    try:
        until("every prober has ended", lambda: all(_ended(namespace, name) for name in names), 90)
        told = {name: namespace.kubectl("logs", name) for name in names}
    finally:
        namespace.kubectl("delete", "pod", *names, "--now")
    return {name.removeprefix("prober-"): set(json.loads(text)) for name, text in told.items()}


def _ended(namespace: Namespace, name: str) -> bool:
    return namespace.get("pod", name)["status"]["phase"] in {"Succeeded", "Failed"}


@pytest.fixture
def elsewhere(namespace: Namespace) -> Iterator[Namespace]:
    """Another namespace, where whoever wants to attack may be."""
    other = Namespace(f"{namespace.name}-elsewhere")
    other.kubectl("create", "namespace", other.name)
    yield other
    other.kubectl("delete", "namespace", other.name)


def test_every_arrow_is_open_and_nothing_else_is(release: Release, namespace: Namespace, figures: Figures) -> None:
    doors, image = _doors(release), release.image_of("gateway")
    platform = {"app.kubernetes.io/name": "einthoven", "app.kubernetes.io/instance": release.name}
    pods = [_prober(name, image, platform | {"app.kubernetes.io/component": name}, doors) for name in FLOWS]
    with figures.step(f"{len(pods)} pods try {len(doors)} doors each"):
        reached = _reached(namespace, pods)

    assert {f"{component}:metrics" for component in DEPLOYABLES} | SERVERS | {"gateway:http", NAMES} < set(doors)
    assert {name: sorted(found - {NAMES}) for name, found in reached.items()} == {
        name: sorted(allowed) for name, allowed in FLOWS.items()
    }
    assert all(NAMES in reached[component] for component in DEPLOYABLES)


def test_a_stranger_reaches_the_gateway_and_nothing_else(
    release: Release, namespace: Namespace, elsewhere: Namespace, figures: Figures
) -> None:
    doors, image = _doors(release), release.image_of("gateway")
    doors = {name: address for name, address in doors.items() if not name.startswith("cluster:")}
    with figures.step("strangers try, in the namespace and in another one"):
        inside = _reached(namespace, [_prober(STRANGER, image, {}, doors)])
        outside = _reached(elsewhere, [_prober(STRANGER, image, {}, doors)])

    assert inside[STRANGER] <= STRANGERS_WAY
    assert outside[STRANGER] == STRANGERS_WAY
