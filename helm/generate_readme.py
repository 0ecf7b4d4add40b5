"""Writes helm/einthoven/README.md from the chart's schema and defaults; --check only says whether it is up to date.

Every value of values.yaml must be described in values.schema.json, and every value described there must have a default.
"""

# ruff: noqa: INP001 a script beside the chart, and no package
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parent / "einthoven"
README: Final = CHART / "README.md"
COMPONENTS: Final = ("gateway", "ingest", "signalAnalysis", "inference", "trainer", "exchange")
HEAD: Final = """# The chart einthoven

{description} How to install it, step by step:
[docs/how-to/install.md](../../docs/how-to/install.md). Who talks to whom:
[docs/architecture.md](../../docs/architecture.md#who-talks-to-whom). This page is made by `make chart-docs` from
`values.schema.json` and `values.yaml`.

    helm install einthoven helm/einthoven --namespace einthoven --create-namespace --values my-values.yaml
    helm test einthoven --namespace einthoven --timeout 900s

It takes Kubernetes 1.29 and newer. Values that it does not know, and values that contradict each other, are refused.
"""


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a user may give."""

    path: str
    kind: str
    default: str
    text: str


class Undescribed(Exception):
    """Schema and defaults do not speak of the same values."""


class Book:
    """The schema and the defaults, side by side."""

    def __init__(self, schema: dict[str, Any], defaults: dict[str, Any]) -> None:
        self.schema = schema
        self.defaults = defaults

    def section(self, name: str) -> tuple[str, list[Value]]:
        """Return what a top-level value is, and every value in it."""
        part = self._whole(name, self.schema["properties"][name])
        return part["description"], list(self._values(name, part, self.defaults.get(name)))

    def _whole(self, path: str, part: dict[str, Any]) -> dict[str, Any]:
        """Return a part of the schema with what it refers to."""
        while references := part.get("allOf"):
            found: Any = self.schema
            for step in references[0]["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            part = {**found, **{key: value for key, value in part.items() if key != "allOf"}}
        if not part.get("description"):
            raise Undescribed(f"{path} has no description in values.schema.json.")
        return part

    def _values(self, path: str, part: dict[str, Any], default: Any) -> Iterator[Value]:
        inner = part.get("properties")
        if not inner or not isinstance(default, dict):
            yield Value(path, _kind(part), _shown(default), part["description"])
            return
        undescribed = [f"{path}.{key}" for key in default if key not in inner]
        if undescribed:
            raise Undescribed(f"In values.yaml, and not in values.schema.json: {', '.join(undescribed)}")
        for key, its in inner.items():
            yield from self._values(f"{path}.{key}", self._whole(f"{path}.{key}", its), default.get(key))


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{each}`" for each in part["enum"])
    return str(part["type"])


def _shown(default: Any) -> str:
    return "" if default in (None, "", [], {}) else f"`{json.dumps(default, ensure_ascii=False)}`"


def _table(values: list[Value]) -> str:
    rows = [
        f"| `{each.path}` | {each.kind} | {each.default} | {each.text.replace('|', chr(92) + '|')} |" for each in values
    ]
    return "\n".join(["| value | type | default | what it is |", "|---|---|---|---|", *rows])


def _components(book: Book) -> str:
    """Tell once what the components have in common, with the defaults in which they differ."""
    told = {name: book.section(name) for name in COMPONENTS}
    kinds = [f"| `{name}` | {text} |" for name, (text, _) in told.items()]
    rows: dict[str, dict[str, Value]] = {}
    for name, (_, values) in told.items():
        for value in values:
            rows.setdefault(value.path.removeprefix(f"{name}."), {})[name] = value
    common = [_shared(path, its) for path, its in rows.items()]
    return "\n".join(["| component | what it does |", "|---|---|", *kinds, "", _table(common)])


def _shared(path: str, its: dict[str, Value]) -> Value:
    one = next(iter(its.values()))
    if len(its) < len(COMPONENTS):
        return Value(f"{next(iter(its))}.{path}", one.kind, one.default, one.text)
    defaults = {value.default for value in its.values()}
    shown = one.default if len(defaults) == 1 else "<br>".join(f"{name} {its[name].default}" for name in its)
    return Value(f"<component>.{path}", one.kind, shown, one.text)


def readme(chart: Path = CHART) -> str:
    """Return the text."""
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    book = Book(schema, defaults)
    unknown = set(defaults) - set(schema["properties"])
    if unknown:
        raise Undescribed(f"In values.yaml, and not in values.schema.json: {', '.join(sorted(unknown))}")
    parts = [HEAD.format(description=about["description"])]
    for name in schema["properties"]:
        if name == COMPONENTS[0]:
            parts.append(f"## The components\n\n{_components(book)}\n")
        elif name not in COMPONENTS:
            text, values = book.section(name)
            parts.append(f"## {name}\n\n{text}\n" + (f"\n{_table(values)}\n" if values[0].path != name else ""))
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is up to date."""
    try:
        text = readme()
    except Undescribed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if "--check" not in arguments:
        README.write_text(text, encoding="utf-8")
    elif not README.exists() or README.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{README} is out of date: run `make chart-docs`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
