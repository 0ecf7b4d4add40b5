"""Rule 7 and the furniture of design's rooms: lengths of modules and functions, names, and what every service has."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.architecture.tree import CODE, SERVICES, modules

MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 40
MAIN_LINES: Final = 20
LOOP_LINES: Final = 60
LOOPS: Final = {"services/trainer/learning/loop.py:train"}
"""The training loop is the one readable exception."""
SHAPELESS: Final = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
FURNITURE: Final = ("__init__", "__main__", "settings", "bootstrap", "servicer", "convert", "service", "ports")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def faults(root: Path) -> list[str]:
    """Return every fault of layout in a tree."""
    return [*_long_modules(root), *_long_functions(root), *_shapeless_names(root), *_missing_furniture(root)]


def _long_modules(root: Path) -> Iterator[str]:
    for path in modules(root, *CODE, "tests"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MODULE_LINES:
            yield f"{path.relative_to(root)} has {lines} lines; a module stops at {MODULE_LINES}."


def _long_functions(root: Path) -> Iterator[str]:
    for path in modules(root, *CODE):
        name = str(path.relative_to(root))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, FunctionNode):
                lines = _length(node)
                limit = LOOP_LINES if f"{name}:{node.name}" in LOOPS else FUNCTION_LINES
                if lines > limit:
                    yield f"{name}:{node.lineno} {node.name} has {lines} lines; a function stops at {limit}."


def _length(node: FunctionNode) -> int:
    """Return the lines of a function without its docstring, so that nobody saves on that."""
    first = node.body[0]
    told = (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - told


def _shapeless_names(root: Path) -> Iterator[str]:
    for path in modules(root, *CODE):
        shapeless = SHAPELESS & {*path.relative_to(root).parts, path.stem}
        if shapeless:
            yield f"{path.relative_to(root)} is named {', '.join(shapeless)}, which says nothing of what it holds."


def _missing_furniture(root: Path) -> Iterator[str]:
    for service in SERVICES:
        room = root / "services" / service
        for name in FURNITURE:
            if not (room / f"{name}.py").exists() and not (room / name / "__init__.py").exists():
                yield f"services/{service} has no {name}."
        main = room / "__main__.py"
        if main.exists() and main.read_text(encoding="utf-8").count("\n") > MAIN_LINES:
            yield f"services/{service}/__main__.py is longer than {MAIN_LINES} lines."
        door = room / "__init__.py"
        if door.exists() and ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))) is None:
            yield f"services/{service}/__init__.py does not say what the room serves, publishes and stores."
