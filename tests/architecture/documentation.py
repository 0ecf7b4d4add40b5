"""Whether the documents point at what is there, and give a reason for every dependency."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LINK: Final = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
DEPENDENCIES: Final = "docs/adr/0012-dependencies.md"


def broken_links(root: Path) -> Iterator[str]:
    """Yield the relative links of every document that lead nowhere."""
    for document in [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "helm").rglob("*.md")]:
        for target in LINK.findall(document.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
                yield f"{document.relative_to(root)} points at {target}, which is not there."


def unreasoned(root: Path) -> list[str]:
    """Return the direct dependencies of pyproject.toml for which the decision record gives no reason."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    groups = [*extras, *project["dependency-groups"].values(), project["project"]["dependencies"]]
    named = {canonicalize_name(Requirement(text).name) for group in groups for text in group}
    reasons = (root / DEPENDENCIES).read_text(encoding="utf-8")
    return sorted(name for name in named if f"`{name}`" not in reasons)
