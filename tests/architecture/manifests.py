"""The manifests as they were last agreed on: `make snapshots` renders them anew, and the difference is read in review.

`least.yaml` is whole; the other sets of values hold what is different there: objects of their own, and the changed keys
of the others (null where a key is gone, lists of named things by their names). Left out is what says nothing: the
namespace, the usual labels, what is generated, and documents that the chart copies from files of its own.
"""

import difflib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.architecture import chart
from tests.architecture.tree import ROOT

FOLDER: Final = ROOT / "tests/architecture/snapshots"
SETS: Final = {"least": chart.LEAST, "evaluation": chart.EVALUATION, "everything": chart.EVERYTHING}
LEFT_OUT: Final = "…"
_USUAL: Final = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
)
_LINE: Final = 110
_COPIED: Final = ("einthoven.json", "main_job.py")


def main() -> None:
    """Write every snapshot."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in rendered(Path(scratch)).items():
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{name}.yaml").write_text(text, encoding="utf-8")


def rendered(scratch: Path, root: Path = ROOT) -> dict[str, str]:
    """Return the text of every snapshot as the chart renders now."""
    usual: dict[str, Any] = {}
    texts = {}
    for name, values in SETS.items():
        objects = {_name(each): _plain(each) for each in _render(values, scratch, root)}
        changed = objects if not usual else _changes(usual, objects)
        texts[name] = "".join(_written(key, changed[key]) for key in sorted(changed))
        usual = usual or objects
    return texts


def difference(scratch: Path, root: Path = ROOT) -> str:
    """Return how the chart differs from its snapshots, as a unified diff."""
    return "".join(
        line
        for name, text in rendered(scratch, root).items()
        for line in difflib.unified_diff(
            (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"snapshots/{name}.yaml",
            "rendered",
        )
    )


def _render(values: dict[str, Any], scratch: Path, root: Path) -> list[dict[str, Any]]:
    rendering = chart.render(values, scratch, root / "helm/einthoven")
    if rendering.error:
        raise ValueError(rendering.error)
    return rendering.objects


def _name(each: dict[str, Any]) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def _plain(each: dict[str, Any]) -> dict[str, Any]:
    each["metadata"].pop("namespace", None)
    if each["kind"] == "Secret":
        each["data"] = dict.fromkeys(sorted(each["data"]), LEFT_OUT)
    if each["kind"] == "PrometheusRule":
        each["spec"]["groups"] = LEFT_OUT
    if each["kind"] == "ConfigMap":
        data = each["data"]
        each["data"] = {key: LEFT_OUT if key in _COPIED else _document(key, data[key]) for key in sorted(data)}
    _strip(each)
    return each


def _document(key: str, text: str) -> Any:
    """Return a manifest inside a manifest as what it is."""
    if not key.endswith(".yaml"):
        return text
    document = yaml.safe_load(text)
    _strip(document)
    return document


def _strip(part: Any) -> None:
    """Take the usual labels and the checksums out of everything below."""
    if isinstance(part, list):
        for each in part:
            _strip(each)
    if isinstance(part, dict):
        for key, value in list(part.items()):
            if key.startswith(_USUAL) and isinstance(value, str):
                del part[key]
            elif key.startswith("checksum/"):
                part[key] = LEFT_OUT
            else:
                _strip(value)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = dict.fromkeys(key for key in old if key not in new)
    for key, value in new.items():
        before, after = _by_name(old.get(key)), _by_name(value)
        if before == after:
            continue
        both = isinstance(before, dict) and isinstance(after, dict)
        changed[key] = _changes(before, after) if both else value
    return changed


def _by_name(part: Any) -> Any:
    """Return a list of named things, e.g. containers, as what it means."""
    if isinstance(part, list) and part and all(isinstance(each, dict) and "name" in each for each in part):
        return {each["name"]: each for each in part}
    return part


class _Dumper(yaml.SafeDumper):
    """Writes on one line what has room there, so that a line is a thing to look at."""

    def represent_mapping(self, *given: Any, **named: Any) -> yaml.MappingNode:
        node = super().represent_mapping(*given, **named)
        node.flow_style = _length(node) < _LINE
        return node

    def represent_sequence(self, *given: Any, **named: Any) -> yaml.SequenceNode:
        node = super().represent_sequence(*given, **named)
        node.flow_style = _length(node) < _LINE
        return node

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _length(node: Any) -> int:
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) if "\n" not in node.value else _LINE
    parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    return sum(_length(part) + 2 for part in parts)


def _written(name: str, each: Any) -> str:
    if each is None:
        return f"---\n# {name} is not there.\n"
    body = yaml.dump(each, Dumper=_Dumper, sort_keys=False, width=_LINE * 10, allow_unicode=True)
    return f"---\n# {name}\n{body}"


if __name__ == "__main__":
    main()
