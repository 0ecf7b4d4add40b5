"""The model store."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.schemas import RequestSchema, Schema
from gateway.schemas.paging import NEXT_CURSOR
from gateway.schemas.remarks import Remark

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
VERSION_PATTERN = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$"

_MODEL: JsonDict = {
    "name": "stroke-screen",
    "version": "3",
    "visibility": "department",
    "origin": "training",
    "own": True,
    "created_at": "2026-01-05T08:30:00Z",
    "files": [
        {
            "file_name": "model.onnx",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "size_bytes": 1893211,
            "media_type": "application/octet-stream",
        }
    ],
    "manifest": {"name": "stroke-screen", "version": "3"},
    "remarks": [],
}


class ModelRef(RequestSchema):
    """Names a model; without a version, the newest that the caller can see."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "stroke-screen", "version": "3"}})

    name: str = Field(pattern=NAME_PATTERN)
    version: str = Field(default="", pattern=VERSION_PATTERN)


class ModelFile(Schema):
    """One file of a version."""

    file_name: str
    sha256: str
    size_bytes: int
    media_type: str


class Visibility(StrEnum):
    """Who sees a version."""

    DEPARTMENT = "department"
    SITE = "site"


class Model(Schema):
    """One immutable version of a model."""

    model_config = ConfigDict(json_schema_extra={"example": _MODEL})

    name: str
    version: str
    visibility: Visibility
    origin: str = Field(description='"import", "training" or "preset".')
    own: bool = Field(description="Whether it belongs to the caller's department.")
    created_at: datetime
    files: list[ModelFile]
    manifest: dict[str, Any] = Field(description="The model contract.")
    remarks: list[Remark] = Field(default=[], description="After an import: what was assumed about the file.")


class ModelPage(Schema):
    """Some versions that the caller can see, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_MODEL], "next_cursor": None}})

    items: list[Model]
    next_cursor: str | None = Field(default=None, description=NEXT_CURSOR)


class ReportFormat(StrEnum):
    """How a report is written."""

    JSON = "json"
    HTML = "html"


ReportKind = Annotated[ReportFormat, Query(alias="format", description="How the report is written.")]
