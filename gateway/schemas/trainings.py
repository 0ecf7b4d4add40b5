"""Trainings."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from gateway.schemas import RequestSchema, Schema
from gateway.schemas.models import NAME_PATTERN, ModelRef
from gateway.schemas.paging import NEXT_CURSOR
from gateway.schemas.quality import MinQuality

_SPEC: JsonDict = {
    "model_name": "stroke-screen",
    "dataset_id": "d-7f3a",
    "architecture": "inception_time",
    "max_epochs": 20,
}
_TRAINING: JsonDict = {
    "training_id": "t-52ab",
    "spec": {**_SPEC, "base_model": None, "mode": "scratch", "task": "multilabel", "seed": 0},
    "state": "running",
    "epochs_done": 3,
    "model": None,
    "error": None,
    "attempts": 1,
    "waiting_for": None,
    "created_at": "2026-01-05T08:30:00Z",
    "updated_at": "2026-01-05T08:42:10Z",
}


class Architecture(Schema):
    """Something that can be trained from scratch."""

    name: str
    summary: str
    parameters: int = Field(description="With 12 leads and 5 outputs.")


class ArchitectureList(Schema):
    """Everything that can be trained from scratch."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [{"name": "inception_time", "summary": "InceptionTime.", "parameters": 457000}]}
        }
    )

    items: list[Architecture]


class TrainingMode(StrEnum):
    """How much of the base is trained."""

    SCRATCH = "scratch"
    ALL_LAYERS = "all_layers"
    HEAD_ONLY = "head_only"


class Task(StrEnum):
    """What a model decides."""

    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"


class TrainingSpec(RequestSchema):
    """What to train, on what, and how; what is left out takes the platform's default."""

    model_config = ConfigDict(json_schema_extra={"example": _SPEC})

    model_name: str = Field(pattern=NAME_PATTERN, description="Name of the model to make.")
    dataset_id: str = Field(min_length=1, max_length=63, description="The labelled dataset.")
    validation_dataset_id: str | None = Field(default=None, max_length=63, description="Validate on this dataset.")
    architecture: str | None = Field(default=None, max_length=63, description="Start from an architecture, or …")
    base_model: ModelRef | None = Field(default=None, description="… from a model of the store.")
    mode: TrainingMode | None = None
    task: Task | None = Field(default=None, description="Told from the labels where absent.")
    preprocessing: str | None = Field(default=None, max_length=63, description='"exchangeai", "cardx" or "none".')
    validation_fraction: float | None = Field(default=None, ge=0, lt=1)
    test_fraction: float | None = Field(default=None, ge=0, lt=1)
    max_epochs: int | None = Field(default=None, ge=1, le=500)
    patience: int | None = Field(default=None, ge=1, le=500)
    batch_size: int | None = Field(default=None, ge=1, le=4096, description="ECGs per worker and step.")
    optimizer: str | None = Field(default=None, max_length=63)
    learning_rate: float | None = Field(default=None, ge=0, le=10, description="Looked for where absent.")
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    rate_hz: float | None = Field(default=None, ge=50, le=1000, description="Rate of the model's input.")
    workers: int | None = Field(default=None, ge=1, le=16, description="Workers that train together.")
    gpus_per_worker: int | None = Field(
        default=None, ge=0, le=8, description="Whole GPUs that the cluster is asked for, for each worker."
    )
    min_quality: MinQuality | None = Field(
        default=None, description='The least grade that is learnt from; "poor" where absent. What is left out is told.'
    )

    @model_validator(mode="after")
    def _one_base(self) -> Self:
        if (self.architecture is None) == (self.base_model is None):
            raise ValueError("Give either architecture or base_model.")
        return self


class FilledSpec(Schema):
    """What a training was asked for, with the defaults filled in."""

    model_name: str
    dataset_id: str
    validation_dataset_id: str | None = None
    architecture: str | None = None
    base_model: ModelRef | None = None
    mode: TrainingMode | None = None
    task: str | None = None
    preprocessing: str | None = None
    validation_fraction: float = 0.0
    test_fraction: float = 0.0
    max_epochs: int = 0
    patience: int = 0
    batch_size: int = 0
    optimizer: str | None = None
    learning_rate: float | None = None
    seed: int = 0
    rate_hz: float = 0.0
    workers: int = 1
    gpus_per_worker: int = 0
    min_quality: str | None = Field(default=None, description="Null of a training that came before it was asked.")


class TrainingState(StrEnum):
    """Where a training stands."""

    QUEUED = "queued"
    RUNNING = "running"
    EXPORTED = "exported"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Training(Schema):
    """One training."""

    model_config = ConfigDict(json_schema_extra={"example": _TRAINING})

    training_id: str
    spec: FilledSpec
    state: TrainingState
    epochs_done: int
    model: ModelRef | None = Field(default=None, description="The model made, once it has succeeded.")
    error: str | None = Field(default=None, description="Why it failed.")
    attempts: int = Field(description="How many workers took it up so far.")
    waiting_for: str | None = Field(default=None, description="Why no worker is at it yet, where that is known.")
    created_at: datetime
    updated_at: datetime


class TrainingPage(Schema):
    """Some of the department's trainings, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_TRAINING], "next_cursor": None}})

    items: list[Training]
    next_cursor: str | None = Field(default=None, description=NEXT_CURSOR)
