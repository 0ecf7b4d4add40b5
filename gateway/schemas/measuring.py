"""Datasets that are measured as jobs."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.schemas import Schema
from gateway.schemas.paging import NEXT_CURSOR

_JOB: JsonDict = {
    "job_id": "3f0c2a",
    "dataset_id": "d-7f3a",
    "state": "running",
    "records": 2000,
    "done": 740,
    "reused": 500,
    "refused": 2,
    "progress": 0.37,
    "attempts": 1,
    "error": None,
    "engine_version": "1",
    "created_at": "2026-01-05T08:30:00Z",
    "updated_at": "2026-01-05T08:30:10Z",
}

JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", description="The job.", examples=["3f0c2a"])]


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MeasurementJob(Schema):
    """The measuring of one dataset."""

    model_config = ConfigDict(json_schema_extra={"example": _JOB})

    job_id: str
    dataset_id: str
    state: JobState
    records: int = Field(description="Records of the dataset; 0 until they were counted.")
    done: int = Field(description="Records that are done, in whatever way.")
    reused: int = Field(description="Of these, records that the same engine had measured before.")
    refused: int = Field(description="Of these, records that were refused; the table says why.")
    progress: float = Field(description="From 0 to 1.")
    attempts: int = Field(description="How many replicas took it up so far.")
    error: str | None = Field(default=None, description="Why it failed.")
    engine_version: str
    created_at: datetime
    updated_at: datetime


class MeasurementJobPage(Schema):
    """Some of the department's jobs, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_JOB], "next_cursor": None}})

    items: list[MeasurementJob]
    next_cursor: str | None = Field(default=None, description=NEXT_CURSOR)


class TableFormat(StrEnum):
    """As what a table is written."""

    PARQUET = "parquet"
    CSV = "csv"


class MeasurementsFormat(StrEnum):
    """As what the measurements of one ECG are written."""

    JSON = "json"
    FHIR = "fhir"


TableKind = Annotated[TableFormat, Query(alias="format", description="As what the table is written.")]
MeasurementsKind = Annotated[
    MeasurementsFormat, Query(alias="format", description="`fhir` is a Bundle of a DiagnosticReport and Observations.")
]
