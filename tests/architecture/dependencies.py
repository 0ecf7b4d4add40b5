"""Whether every folder imports only what its image installs, by deptry with the other extras out of reach."""

import tomllib
from pathlib import Path
from typing import Final

from tests.architecture.tree import ROOT, tool

EXTRAS_OF: Final[dict[str, frozenset[str]]] = {
    "services/shared": frozenset(),
    "services/ingest": frozenset({"ingest"}),
    "services/signal_analysis": frozenset({"signal-analysis"}),
    "services/inference": frozenset({"inference"}),
    "services/trainer": frozenset({"trainer"}),
    "services/exchange": frozenset({"exchange"}),
    "gateway": frozenset({"gateway"}),
    "cli": frozenset({"cli"}),
    "deploy/demo": frozenset({"demo", "cli"}),
    "deploy/local": frozenset({"gateway", "cli"}),
}
"""Which extras each folder may import from, beside what services/shared stands on."""
EXCUSED: Final = {"services/shared": ("--per-rule-ignores", "DEP004=scipy")}
"""Only rooms that install scipy may import the one shared module that needs it: an import-linter contract says so."""


def undeclared(folder: str, root: Path = ROOT) -> list[str]:
    """Return the imports of a folder that are missing, transitive, or declared for other images only."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    others = sorted(set(project["project"]["optional-dependencies"]) - EXTRAS_OF[folder])
    found = tool(
        "deptry",
        folder,
        "--optional-dependencies-dev-groups",
        ",".join(others),
        "--ignore",
        "DEP002",
        *EXCUSED.get(folder, ()),
        root=root,
    )
    return found.stderr.splitlines() if found.returncode else []


def unused(root: Path = ROOT) -> list[str]:
    """Return the declared dependencies that nothing imports."""
    found = tool(
        "deptry",
        *(folder for folder in EXTRAS_OF if (root / folder).is_dir()),
        "--ignore",
        "DEP001,DEP003,DEP004",
        root=root,
    )
    return found.stderr.splitlines() if found.returncode else []
