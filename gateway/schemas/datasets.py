"""Datasets, uploads and labels."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.schemas import RequestSchema, Schema
from gateway.schemas.instances import Instance
from gateway.schemas.paging import NEXT_CURSOR
from gateway.schemas.problems import FileProblem
from gateway.schemas.records import Record

_DATASET: JsonDict = {
    "dataset_id": "d-7f3a",
    "name": "stroke unit 2024",
    "version": 12,
    "records": 1442,
    "created_at": "2026-01-05T08:30:00Z",
}
_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class DatasetCreate(RequestSchema):
    """A dataset to make."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "stroke unit 2024"}})

    name: str = Field(min_length=1, max_length=200, description="Unique in the department.")


class Dataset(Schema):
    """A department's collection of ECGs."""

    model_config = ConfigDict(json_schema_extra={"example": _DATASET})

    dataset_id: str
    name: str
    version: int = Field(description="Grows with every change of its records or labels.")
    records: int = Field(description="How many ECGs it holds.")
    created_at: datetime


class DatasetPage(Schema):
    """Some of the department's datasets, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_DATASET], "next_cursor": None}})

    items: list[Dataset]
    next_cursor: str | None = Field(default=None, description=NEXT_CURSOR)


class DatasetErased(Schema):
    """A dataset is gone."""

    model_config = ConfigDict(json_schema_extra={"example": {"records": 1442}})

    records: int = Field(description="How many records went with it.")


class FileOutcome(StrEnum):
    """What became of an uploaded file."""

    STORED = "stored"
    STORED_WITH_WARNINGS = "stored_with_warnings"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    COMPANION = "companion"
    UNPACKED = "unpacked"
    LEFT_OUT = "left_out"


class FileReport(Schema):
    """One line of an upload's report: the fate of one file."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "file_name": "a.csv",
                "outcome": "refused",
                "record": None,
                "error": {"code": "UNREADABLE_FILE", "detail": "a.csv holds 3 columns; 8 or 12 leads were expected."},
            }
        }
    )

    file_name: str = Field(description="With its folders; of a file of an archive, after the archive's name.")
    outcome: FileOutcome
    record: Record | None = Field(default=None, description="The record made of it, or the one that it duplicates.")
    error: FileProblem | None = Field(default=None, description="Why it was refused.")
    instance: Instance | None = Field(default=None, description="What it calls itself, where it is a DICOM object.")


class Digests(RequestSchema):
    """Files that somebody has, by the sha256 of their bytes."""

    model_config = ConfigDict(json_schema_extra={"example": {"sha256": [_SHA256]}})

    sha256: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(max_length=10_000)


class MissingFiles(Schema):
    """Those of them that a dataset does not have."""

    model_config = ConfigDict(json_schema_extra={"example": {"sha256": [_SHA256]}})

    sha256: list[str] = Field(description="In the order asked.")


class UploadReport(Schema):
    """The fate of every file of an upload."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "files": [
                    {"file_name": "a.hea", "outcome": "stored", "record": None, "error": None},
                    {"file_name": "a.dat", "outcome": "companion", "record": None, "error": None},
                ],
                "stored": 1,
                "refused": 0,
            }
        }
    )

    files: list[FileReport]
    stored: int = Field(description="Files that became a record, with or without warnings.")
    refused: int


class LabelReport(Schema):
    """What a label upload led to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"labelled_records": 1400, "unlabelled_records": 42, "classes": ["infarction", "normal"]}
        }
    )

    labelled_records: int
    unlabelled_records: int
    classes: list[str]


class Count(Schema):
    """How often one value occurs."""

    value: str
    count: int


class Statistics(Schema):
    """What a dataset holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "records": 1442,
                "unlabelled_records": 42,
                "labels": [{"value": "normal", "count": 700}],
                "formats": [{"value": "csv", "count": 1442}],
                "rates": [{"value": "500", "count": 1442}],
                "sexes": [{"value": "unknown", "count": 1442}],
                "grades": [{"value": "good", "count": 1442}],
                "patients": 0,
                "shortest_s": 10.0,
                "longest_s": 10.0,
            }
        }
    )

    records: int
    unlabelled_records: int
    labels: list[Count]
    formats: list[Count]
    rates: list[Count]
    sexes: list[Count]
    grades: list[Count] = Field(description="Records per grade of quality; unknown where it was not judged.")
    patients: int = Field(description="Distinct patients known.")
    shortest_s: float
    longest_s: float
