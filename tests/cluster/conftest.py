"""The chart on the cluster that KUBECONFIG names: installed once, in a namespace of its own, for all cluster tests."""

import secrets
import shutil
import subprocess
from collections.abc import Generator, Iterator
from typing import Final

import httpx
import pytest

from services.trainer.architectures import build
from services.trainer.interchange.onnx_export import architecture_to_onnx
from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Namespace, command, until
from tests.cluster.load import LEADS, SAMPLES, Target
from tests.cluster.release import Release
from tests.cluster.settings import ClusterSettings

ENFORCED: Final = "pod-security.kubernetes.io/enforce=restricted"
FIRST: Final = ("test_install", "test_rights", "test_network", "test_sharing", "test_cold_start", "test_demo")
LAST: Final = ("test_upgrade", "test_kills", "test_uninstall")
_FIGURES: Final = pytest.StashKey[Figures]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the cluster tests into the order of an installation's life."""
    items.sort(key=lambda item: _place(item.path.stem) if item.path.parent.name == "cluster" else 0)


def _place(module: str) -> int:
    between = len(FIRST)
    if module in FIRST:
        return FIRST.index(module)
    return between + 1 + LAST.index(module) if module in LAST else between


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the time of each step and the figures."""
    figures = config.stash.get(_FIGURES, None)
    if figures is not None:
        terminalreporter.section("steps and figures on the cluster")
        for line in figures.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def settings() -> ClusterSettings:
    """What the environment says."""
    return ClusterSettings()


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """Where times and figures are kept."""
    return pytestconfig.stash.setdefault(_FIGURES, Figures())


@pytest.fixture(scope="session")
def cluster(settings: ClusterSettings) -> None:
    """There is a cluster; where none is named, the tests are skipped."""
    if not settings.kubeconfig:
        pytest.skip("No cluster is named: set KUBECONFIG to one whose namespaces may be made and deleted.")
    for program in ("kubectl", "helm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on the PATH; the cluster tests need kubectl and helm.")
    command("kubectl", "get", "--raw=/readyz", "--request-timeout=10s")


@pytest.fixture(scope="session")
def namespace(cluster: None) -> Iterator[Namespace]:
    """A new namespace that takes no pod which is not restricted."""
    made = Namespace(f"einthoven-{secrets.token_hex(3)}")
    made.kubectl("create", "namespace", made.name)
    made.kubectl("label", "namespace", made.name, ENFORCED)
    yield made
    made.kubectl("delete", "namespace", made.name, "--timeout=120s")


@pytest.fixture(scope="session")
def release(settings: ClusterSettings, namespace: Namespace, figures: Figures) -> Iterator[Release]:
    """The chart, installed with its bundled servers and ready."""
    made = Release(settings, namespace)
    with figures.step("install"):
        made.install()
    figures.row("chart_install_s", figures.steps[-1][1], "s")
    until("the platform answers at the NodePort", made.answers, 30)
    yield made
    if made.name in namespace.helm("list", "--short"):
        namespace.helm("uninstall", made.name, "--wait")


@pytest.fixture
def client(release: Release) -> Iterator[httpx.Client]:
    """A client of the platform, with the first administrator's key."""
    with release.client() as made:
        yield made


@pytest.fixture(scope="session")
def onnx() -> bytes:
    """A model of two classes that takes what the load sends."""
    network = build("xception_time", leads=LEADS, samples=SAMPLES, outputs=2)
    return bytes(architecture_to_onnx(network, LEADS, SAMPLES).SerializeToString())


@pytest.fixture
def target(release: Release, client: httpx.Client, onnx: bytes) -> Target:
    """An empty dataset, a model and the way to both, for a load."""
    name = f"load-{secrets.token_hex(3)}"
    dataset = client.post("/datasets", json={"name": name}).raise_for_status().json()
    client.post("/models", data={"name": name}, files={"file": ("load.onnx", onnx)}).raise_for_status()
    return Target(release.settings.url, release.api_key(), dataset["dataset_id"], name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the state of the namespace under a test that failed."""
    report = yield
    release = getattr(item, "funcargs", {}).get("release")
    if report.when == "call" and report.failed and isinstance(release, Release):
        try:
            report.sections.append(("the namespace", release.diagnosis()))
        except (AssertionError, subprocess.TimeoutExpired) as error:
            report.sections.append(("the namespace", str(error)))
    return report
