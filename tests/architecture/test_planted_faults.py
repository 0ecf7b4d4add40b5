"""Every fitness check is seen failing: a fault is planted in a copy of the tree, and the check must name it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from services.shared.errors import ErrorCode, InvalidRequest
from services.shared.settings import load
from tests.architecture import catalogs, chart, contracts, dependencies, documentation, layout, locks
from tests.architecture.tree import CODE, ROOT, tool

COPIED = (*CODE, "proto", "locks", "helm", "docs", "tests")
LEFT = shutil.ignore_patterns("node_modules", "dist", "__pycache__", ".*_cache", "*.sqlite")

Plant = Callable[[str, str], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the repository without what is built."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=LEFT)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


@pytest.fixture
def plant(tree: Path) -> Plant:
    """Add lines to a file of the copy."""

    def add(name: str, text: str) -> Path:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")
        return path

    return add


IMPORTS = {
    "Deployables meet only on the wire": ("services/ingest/planted.py", "import services.exchange\n"),
    "Whoever starts deployables": ("services/shared/planted.py", "import services.ingest\n"),
    "The command talks to the platform over REST": ("cli/planted.py", "import services.shared.ecg\n"),
    "Inside a service": ("services/exchange/ports.py", "\nimport services.exchange.servicer\n"),
    "Inside the gateway": ("gateway/schemas/planted.py", "import gateway.routes\n"),
    "Generated code is touched at the edge only": ("services/exchange/planted.py", "import einthoven.ingest.v1\n"),
    "Preprocessing needs scipy": ("gateway/planted.py", "import services.shared.preprocessing\n"),
    "Use cases know no framework": ("services/exchange/service.py", "\nimport fastapi\n"),
    "Packages are acyclic": ("deploy/local/planted.py", "import deploy.demo.planted\n"),
}


def test_every_import_contract_breaks(tree: Path, plant: Plant) -> None:
    for name, text in IMPORTS.values():
        plant(name, text)
    plant("deploy/demo/planted.py", "import deploy.local.planted\n")

    report = tool("lint-imports", "--no-cache", root=tree)

    broken = [line for line in report.stdout.splitlines() if " BROKEN" in line]
    assert report.returncode
    assert [name for name in IMPORTS if not any(line.startswith(name) for line in broken)] == []
    assert [name for name in IMPORTS.values() if Path(name[0]).stem not in report.stdout] == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("T201", "print(1)\n"),
        ("TID252", "from . import app\n"),
        ("TID251", "import os\n\nHOME = os.environ\n"),
        ("S307", "VALUE = eval('1')\n"),
        ("S301", "import pickle\n\nVALUE = pickle.loads(b'')\n"),
        ("BLE001", "try:\n    VALUE = 1\nexcept Exception:\n    VALUE = 2\n"),
        ("PLR0913", "def f(a, b, c, d, e, f, g): ...\n"),
        ("C901", "def f(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(9))),
        ("D103", "def public(): ...\n"),
        ("RUF100", "VALUE = 1  # noqa: T201\n"),
    ],
)
def test_ruff_sees(code: str, text: str, tree: Path, plant: Plant) -> None:
    report = tool("ruff", "check", "--no-cache", "--output-format=concise", plant("cli/planted.py", text), root=tree)

    assert f" {code} " in report.stdout


def test_ruff_sees_code_that_is_not_formatted(tree: Path, plant: Plant) -> None:
    report = tool("ruff", "format", "--no-cache", "--check", plant("cli/planted.py", "a  =  1\n"), root=tree)

    assert report.returncode


def test_mypy_sees_what_is_not_typed(tree: Path, plant: Plant, tmp_path: Path) -> None:
    planted = plant("cli/planted.py", "def untyped(value):\n    return value\n")

    report = tool("mypy", "--cache-dir", tmp_path / "cache", planted, root=tree)

    assert "[no-untyped-def]" in report.stdout


def test_vulture_sees_what_is_never_reached(tree: Path, plant: Plant) -> None:
    plant("cli/planted.py", "def f():\n    return 1\n    g()\n")

    assert "cli/planted.py:3: unreachable code" in tool("vulture", root=tree).stdout


def test_buf_sees_a_contract_without_comments(tree: Path, plant: Plant) -> None:
    plant("proto/einthoven/events/v1/events.proto", "\nmessage Planted {}\n")

    assert 'Message "Planted" should have a non-empty comment' in tool("buf", "lint", "proto", root=tree).stdout


def test_buf_sees_a_contract_that_is_not_formatted(tree: Path, plant: Plant) -> None:
    plant("proto/einthoven/events/v1/events.proto", "\n// A planted one.\nmessage   Planted {}\n")

    assert tool("buf", "format", "proto", "--diff", "--exit-code", root=tree).returncode


def test_buf_sees_a_field_taken_away(tree: Path) -> None:
    if not contracts.known("main"):
        pytest.skip("This clone has no branch main to compare with.")
    contract = tree / "proto/einthoven/events/v1/events.proto"
    contract.write_text(contract.read_text(encoding="utf-8").replace("string dataset_id = 2;", ""), encoding="utf-8")

    assert any("dataset_id" in line for line in contracts.breaks(tree))


def test_generated_code_that_was_edited_is_seen(tree: Path, plant: Plant, tmp_path: Path) -> None:
    plant("proto/gen/einthoven/events/v1/events_pb2.py", "# planted\n")

    assert contracts.drift(tree, tmp_path / "scratch") == ["einthoven/events/v1/events_pb2.py"]


@pytest.mark.parametrize("text", ["import torch\n", "import yaml\n", "import no_such_package\n"])
def test_an_import_that_the_image_does_not_install_is_seen(text: str, tree: Path, plant: Plant) -> None:
    plant("gateway/planted.py", text)

    assert any("gateway/planted.py" in line for line in dependencies.undeclared("gateway", tree))


def test_a_dependency_declared_for_nothing_is_seen(tree: Path) -> None:
    project = tree / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace('cli = ["httpx"', 'cli = ["hatchling", "httpx"')
    project.write_text(text, encoding="utf-8")

    assert any("'hatchling'" in line for line in dependencies.unused(tree))


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("cli/planted.py", "x = 1\n" * 301, "cli/planted.py has 301 lines"),
        ("cli/planted.py", "def f():\n" + "    x = 1\n" * 40, "cli/planted.py:1 f has 41 lines"),
        ("services/ingest/utils.py", "", "services/ingest/utils.py is named utils"),
        ("services/exchange/__main__.py", "\n" * 21, "services/exchange/__main__.py is longer than 20 lines"),
    ],
)
def test_layout_sees(name: str, text: str, fault: str, tree: Path, plant: Plant) -> None:
    plant(name, text)

    assert any(each.startswith(fault) for each in layout.faults(tree))


def test_layout_sees_a_room_without_its_furniture(tree: Path) -> None:
    (tree / "services/exchange/ports.py").unlink()

    assert "services/exchange has no ports." in layout.faults(tree)


def test_an_error_table_with_a_gap_is_seen() -> None:
    assert catalogs.gaps(dict.fromkeys(set(ErrorCode) - {ErrorCode.CONFLICT})) == {ErrorCode.CONFLICT}


def test_an_rpc_without_a_method_is_seen(tree: Path) -> None:
    edge = tree / "services/exchange/servicer.py"
    edge.write_text(edge.read_text(encoding="utf-8").replace("def GetModel(", "def got_model("), encoding="utf-8")
    (service,) = (service for room, service in catalogs.contracts() if room == "exchange")

    assert catalogs.unserved("exchange", service, tree) == ["einthoven.exchange.v1.ExchangeService.GetModel"]


def test_a_subject_that_no_contract_names_is_seen(tree: Path, plant: Plant) -> None:
    plant("services/shared/messaging/subjects.py", '\nPLANTED = "einthoven.events.planted"\n')

    assert "einthoven.events.planted" in catalogs.unwritten_subjects(tree)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("", "--index-url https://registry.example/simple\n", "names an address of a registry"),
        ("", "planted==1.0\n", "pins without a hash: planted"),
        ("numpy==", "planted-numpy==", "has numpy None"),
    ],
)
def test_a_lock_that_is_unsafe_or_stale_is_seen(old: str, new: str, fault: str, tree: Path) -> None:
    lock = tree / "locks/dev.txt"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace(f"\n{old}", f"\n{new}", 1) if old else f"{text}{new}", encoding="utf-8")

    assert any(fault in each for each in locks.faults(tree))


def test_a_lock_of_an_image_that_strays_is_seen(tree: Path) -> None:
    lock = tree / "locks/gateway.txt"
    lock.write_text(lock.read_text(encoding="utf-8").replace("fastapi==", "fastapi==0."), encoding="utf-8")

    assert any("differs from locks/dev.txt in fastapi" in each for each in locks.faults(tree))


@pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")
class TestChart:
    def test_a_setting_that_no_component_has_is_seen(
        self, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values = {**chart.LEAST, "inference": {"settings": {"PLANTED": "1"}}}
        rendering = chart.render(values, tmp_path, tree / "helm/einthoven")
        for key, value in chart.environment(rendering, "inference").items():
            monkeypatch.setenv(key, value)

        with pytest.raises(InvalidRequest, match="EINTHOVEN_INFERENCE_PLANTED"):
            load(chart.settings_of("inference"))

    def test_an_object_that_kubernetes_refuses_is_seen(self, tree: Path, tmp_path: Path) -> None:
        (tree / "helm/einthoven/templates/planted.yaml").write_text(
            json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "planted"}, "spec": {"prts": []}}),
            encoding="utf-8",
        )

        rendering = chart.render(chart.LEAST, tmp_path, tree / "helm/einthoven")

        assert any("planted" in each for each in chart.invalid(rendering.objects, "1.33"))

    def test_a_pod_with_rights_is_seen(self, tree: Path, tmp_path: Path) -> None:
        template = tree / "helm/einthoven/templates/_pod.tpl"
        text = template.read_text(encoding="utf-8")
        template.write_text(text.replace("allowPrivilegeEscalation: false", "privileged: true"), encoding="utf-8")

        rendering = chart.render(chart.LEAST, tmp_path, tree / "helm/einthoven")

        assert list(chart.unrestricted(rendering.one("Deployment", "ingest")["spec"]["template"]["spec"]))

    def test_a_template_that_does_not_render_is_seen(self, tree: Path, tmp_path: Path) -> None:
        (tree / "helm/einthoven/templates/planted.yaml").write_text('{{ include "no.such" . }}', encoding="utf-8")

        rendering = chart.render(chart.LEAST, tmp_path, tree / "helm/einthoven")

        assert rendering.error or rendering.lint


def test_a_link_that_leads_nowhere_is_seen(tree: Path, plant: Plant) -> None:
    plant("README.md", "\n[planted](docs/planted.md)\n")

    assert "README.md points at docs/planted.md, which is not there." in documentation.broken_links(tree)


def test_a_dependency_without_a_reason_is_seen(tree: Path) -> None:
    record = tree / documentation.DEPENDENCIES
    record.write_text(record.read_text(encoding="utf-8").replace("`grpcio`", "grpc"), encoding="utf-8")

    assert documentation.unreasoned(tree) == ["grpcio"]
