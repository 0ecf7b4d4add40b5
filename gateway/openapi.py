"""The OpenAPI document: FastAPI's, with our problems, the bodies that routes read themselves, and stable names."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from gateway.schemas.datasets import FileReport
from gateway.schemas.instances import Attribute
from gateway.schemas.oip import InferRequest
from gateway.schemas.predictions import Prediction, PredictionRequest
from gateway.schemas.problems import Problem

TITLE: Final = "Einthoven"
DESCRIPTION: Final = (
    "An open platform for 12-lead ECG AI that a hospital runs itself: upload ECGs, look at them, ask models, train "
    "them, share them. Signals are millivolt, leads come in the order I, II, III, aVR, aVL, aVF, V1 … V6. Lists are "
    "paged: pass `next_cursor` as `cursor`. Every error is application/problem+json with a stable `code`."
)
TAGS: Final = [
    {"name": "Datasets", "description": "A department's collections, uploads into them, and labels."},
    {"name": "Records", "description": "Single ECGs."},
    {"name": "DICOMweb", "description": "Storing, finding and retrieving DICOM ECGs as PS3.18 has it."},
    {"name": "Views", "description": "Looking at an ECG."},
    {"name": "Measurements", "description": "Measuring one ECG, and whole datasets as jobs."},
    {"name": "Models", "description": "The model store: immutable versions, each file with its sha256."},
    {"name": "Predictions", "description": "Asking models about ECGs."},
    {"name": "Trainings", "description": "Making models out of labelled datasets."},
    {"name": "Open Inference Protocol", "description": "Version 2, as Triton's and KServe's clients speak it."},
    {"name": "Operations", "description": "Health, metrics, identity."},
]
_READ_BY_HAND: Final = (Attribute, Problem, FileReport, Prediction, PredictionRequest, InferRequest)
"""Schemas that a route names without FastAPI seeing them."""
_REF: Final = "#/components/schemas/{model}"


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function: stable, and readable in generated clients."""
    return route.name


def install(app: FastAPI) -> None:
    """Have the application describe itself completely."""
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(_document(app))
        return described

    # FastAPI's documented way to extend the document is to replace this method.
    replace: Callable[[str, Any], None] = app.__setattr__
    replace("openapi", openapi)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, extra = models_json_schema([(model, "serialization") for model in _READ_BY_HAND], ref_template=_REF)
    for name, schema in extra["$defs"].items():
        schemas.setdefault(name, schema)
    for path in document["paths"].values():
        for operation in path.values():
            _without_default_fault(operation)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document


def _without_default_fault(operation: dict[str, Any]) -> None:
    """Drop the 422 that FastAPI adds by itself: what does not fit a schema is a 400 problem here."""
    fault = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
    if fault.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        del operation["responses"]["422"]
