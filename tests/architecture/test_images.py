import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Final

import pytest

from deploy.images import build
from deploy.images.steps import code, packages, sbom
from tests.architecture.tree import ROOT

UV: Final = Path(sys.executable).parent / "uv"
ROOMS: Final = {
    "gateway": "gateway",
    "services.ingest": "ingest",
    "services.ingest.dicom_receiver": "ingest",
    "services.signal_analysis": "signal-analysis",
    "services.inference": "inference",
    "services.trainer": "trainer-cpu",
    "services.exchange": "exchange",
}
"""Package and lock. The trainer's own process starts without torch: its workers bring it."""
STAGES: Final = dict(
    re.findall(
        r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM|\Z)",
        (ROOT / build.DOCKERFILE).read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
NO_OPTIONS: Final = Namespace(registry="here", tag="1", only="", base="", archives="", ca="", args="", version="")


@pytest.mark.parametrize(("room", "lock"), ROOMS.items(), ids=ROOMS)
def test_a_room_starts_with_the_packages_of_its_image_and_no_others(room: str, lock: str, tmp_path: Path) -> None:
    python = tmp_path / "venv/bin/python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv"], check=True)
    install: list[str | Path] = [
        UV,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--python",
        python,
        ROOT / f"locks/{lock}.txt",
    ]
    subprocess.run(install, check=True)

    path = f"{ROOT}:{ROOT / 'proto/gen'}"
    started = subprocess.run(
        [python, "-c", f"import {room}.bootstrap"],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.stderr == ""


@pytest.mark.parametrize("name", code.ROOMS)
def test_an_image_runs_as_nobody_with_its_own_lock_and_says_what_it_is(name: str) -> None:
    steps = STAGES[name]

    assert steps.index("RUN ") < steps.index("COPY --from=code") < steps.index("USER 10001:10001")
    assert f"packages.py {name} " in steps
    assert f"COPY --from=code /out/{name} /app" in steps
    assert f'org.opencontainers.image.title="einthoven-{name}"' in steps
    for label in ("version", "revision", "source"):
        assert f"org.opencontainers.image.{label}=" in steps


def test_every_deployable_has_a_goal_a_room_and_a_row_in_the_documentation() -> None:
    page = build.PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", page, re.MULTILINE))

    assert [*code.ROOMS, *build.SERVERS] == sorted(build.GOALS, key=[*code.ROOMS, *build.SERVERS].index)
    assert set(packages.LOADED) == set(code.ROOMS)
    assert set(rows) == set(build.GOALS)
    assert [name for name, goal in build.GOALS.items() if goal and int(rows[name]) > goal] == []


def test_each_argument_of_a_build_is_declared_by_itself() -> None:
    # Older builders read the first of several only.
    for dockerfile in (build.DOCKERFILE, build.BACKING):
        lines = (ROOT / dockerfile).read_text(encoding="utf-8").splitlines()

        assert [line for line in lines if line.startswith("ARG ") and len(line.split()) > 2] == []


def test_a_build_sees_the_sources_and_nothing_else() -> None:
    ignored = [
        (ROOT / f"{path}.dockerignore").read_text(encoding="utf-8") for path in (build.DOCKERFILE, build.BACKING)
    ]

    assert ignored[0].splitlines()[0] == "*"
    assert ignored[0] == ignored[1]


def test_what_is_given_reaches_the_build() -> None:
    given = Namespace(**(vars(NO_OPTIONS) | {"base": "a-base:1", "ca": "/ca.pem", "args": "LOCK=trainer-cpu A=b"}))

    options = list(build.options("trainer", "here/einthoven-trainer:1", given))

    assert {"BASE=a-base:1", "VERSION=1", "LOCK=trainer-cpu", "A=b", "id=ca,src=/ca.pem"} <= set(options)
    assert options[options.index("--target") + 1] == "trainer"


def test_an_image_larger_than_its_goal_is_told_and_recorded() -> None:
    image = build.Built("exchange", "here/einthoven-exchange:1", 301 * build.MB, 1.0, 80)

    assert build.too_large(image)
    assert build.recorded("| `exchange` | 1 | 300 | 1 |\n| `ingest` | 1 | 600 | 1 |", [image]) == (
        "| `exchange` | 301 | 300 | 80 |\n| `ingest` | 1 | 600 | 1 |"
    )


def test_tests_and_sources_of_extensions_are_taken_out_once_and_modules_stay(tmp_path: Path) -> None:
    for name in ("a/tests/test_a.py", "a/tests/more/tests/b.py", "a/_c.pyx", "a/testing.py", "torch/include/tests/x.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345678")

    freed = packages.prune(tmp_path)

    assert freed == 4 * 8
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "a/testing.py"]


def test_the_list_of_parts_is_the_same_for_the_same_packages_and_names_their_licences(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\n")
    site = Path(next(iter(Path(sys.prefix).glob("lib/python3*/site-packages"))))
    parts = [*sbom.python_packages(site), *sbom.debian_packages(status)]

    first, second = sbom.document("ingest", parts), sbom.document("ingest", parts)

    assert first == second
    assert "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12" in first
    assert re.search(r'"id": "BSD-3-Clause".*?"name": "structlog"|"purl": "pkg:pypi/structlog@', first, re.DOTALL)
