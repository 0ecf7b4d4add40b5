"""Whether the locks pin what pyproject.toml asks for, with hashes, and say nothing of where packages come from."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

IMAGES: Final = ("gateway", "ingest", "signal-analysis", "inference", "trainer", "exchange")
PIN: Final = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==(\S+)", re.MULTILINE)
ADDRESS: Final = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE)


def faults(root: Path) -> list[str]:
    """Return every fault of the locks in a tree."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    dev = pins(root / "locks/dev.txt")
    return [*_unsafe(root), *_stale_dev(project, dev), *_stale_images(root, project, dev)]


def pins(lock: Path) -> dict[str, str]:
    """Return the version of every package of a lock."""
    return {canonicalize_name(name): version for name, version in PIN.findall(lock.read_text(encoding="utf-8"))}


def direct(project: dict[str, Any], *, extras: bool = True) -> list[Requirement]:
    """Return the requirements that pyproject.toml names for the environment of the developer."""
    named = list(project["project"]["dependencies"]) + list(project["dependency-groups"]["dev"])
    if extras:
        named += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    return [Requirement(text) for text in named]


def _unsafe(root: Path) -> Iterator[str]:
    for lock in sorted((root / "locks").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        if ADDRESS.search(text):
            yield f"locks/{lock.name} names an address of a registry."
        entries = [entry for entry in re.split(r"\n(?=\S)", text) if PIN.match(entry)]
        unhashed = [entry.partition("=")[0] for entry in entries if "--hash=sha256:" not in entry]
        if unhashed or not entries:
            yield f"locks/{lock.name} pins without a hash: {', '.join(unhashed) or 'nothing is pinned'}."


def _stale_dev(project: dict[str, Any], dev: dict[str, str]) -> Iterator[str]:
    for requirement in direct(project):
        version = dev.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"locks/dev.txt has {requirement.name} {version}, but pyproject.toml asks for {requirement}."


def _stale_images(root: Path, project: dict[str, Any], dev: dict[str, str]) -> Iterator[str]:
    base = project["project"]["dependencies"]
    for image in IMAGES:
        pinned = pins(root / f"locks/{image}.txt")
        for text in [*base, *project["project"]["optional-dependencies"][image]]:
            if canonicalize_name(Requirement(text).name) not in pinned:
                yield f"locks/{image}.txt lacks {text}: `make lock`."
        astray = {name for name, version in pinned.items() if dev.get(name) != version}
        if astray:
            yield f"locks/{image}.txt differs from locks/dev.txt in {', '.join(sorted(astray))}: `make lock`."
