"""Rules 5 and 9 of the edges: error tables are total, and every rpc of a contract has a servicer method."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor import ServiceDescriptor

from services.shared.errors import ErrorCode
from tests.architecture.tree import ROOT, SERVICES

TABLES: Final = (
    "services.shared.errors:ERROR_OF",
    "services.shared.rpc.errors:STATUS_OF",
    "gateway.errors:STATUS_OF",
    "gateway.errors:TITLE_OF",
)

SUBJECT: Final = re.compile(r"einthoven(\.[a-z_]+)+\.?")


def table(name: str) -> Mapping[ErrorCode, Any]:
    """Return an error table by module and name."""
    module, _, attribute = name.partition(":")
    found: Mapping[ErrorCode, Any] = getattr(importlib.import_module(module), attribute)
    return found


def gaps(entries: Mapping[ErrorCode, Any]) -> set[ErrorCode]:
    """Return the codes that an error table leaves out."""
    return set(ErrorCode) - set(entries)


def contracts() -> Iterator[tuple[str, ServiceDescriptor]]:
    """Yield every service that a contract declares, with the room that serves it."""
    for room in SERVICES:
        module = importlib.import_module(f"einthoven.{room}.v1.{room}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            yield room, service


def unserved(room: str, service: ServiceDescriptor, root: Path = ROOT) -> list[str]:
    """Return the rpcs of a contract for which the room's edge has no method."""
    folder = root / "services" / room
    edges = [folder / "servicer.py", *sorted((folder / "servicer").glob("*.py"))]
    served = {name for edge in edges if edge.exists() for name in _method_names(edge)}
    return [f"{service.full_name}.{method.name}" for method in service.methods if method.name not in served]


def _method_names(edge: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(edge.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def unwritten_subjects(root: Path = ROOT) -> set[str]:
    """Return the bus subjects in code that the events contract does not name."""
    source = (root / "services/shared/messaging/subjects.py").read_text(encoding="utf-8")
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    subjects = {text.rstrip(".") for text in texts if isinstance(text, str) and SUBJECT.fullmatch(text)}
    contract = (root / "proto/einthoven/events/v1/events.proto").read_text(encoding="utf-8")
    return {subject for subject in subjects if subject not in contract}
