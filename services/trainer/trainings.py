"""What a training is: what was asked for, where it stands, what happened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from services.shared.quality import DEFAULT_FLOOR, Floor
from services.trainer.learning.recipe import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_EPOCHS,
    DEFAULT_PATIENCE,
    Mode,
)

State = Literal["queued", "running", "exported", "succeeded", "failed", "cancelled"]
EventKind = Literal["state", "progress", "learning_rate", "epoch", "log"]

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
DEFAULT_VALIDATION_FRACTION: Final = 0.2
DEFAULT_RATE_HZ: Final = 100.0
DEFAULT_PREPROCESSING: Final = "exchangeai"
RELAUNCH_SECONDS: Final = 10.0
DURATION_S: Final = 10.0
"""What models take of an ECG, where they do not say otherwise."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model of the store; an empty version is the newest."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """What to train, on what, and how; empty and 0 take the platform's defaults."""

    model_name: str
    dataset_id: str
    validation_dataset_id: str = ""
    architecture: str = ""
    base_model: ModelName | None = None
    mode: Mode | None = None
    task: str = ""
    preprocessing: str = ""
    validation_fraction: float = 0.0
    test_fraction: float = 0.0
    max_epochs: int = 0
    patience: int = 0
    batch_size: int = 0
    """ECGs per worker and step."""
    optimizer: str = ""
    learning_rate: float = 0.0
    seed: int = 0
    rate_hz: float = 0.0
    workers: int = 1
    """Workers that train together."""
    gpus_per_worker: int = 0
    """Whole GPUs that the cluster is asked for, for each worker."""
    min_quality: Floor | Literal[""] = ""
    """The least grade that is learnt from; of a training that came before this was asked, empty: all were."""

    @property
    def processes_per_worker(self) -> int:
        """One process per GPU, and one where there is none."""
        return max(1, self.gpus_per_worker)

    def with_defaults(self) -> "TrainingSpec":
        """Return the same with every default filled in; a base model's own rate and preprocessing stay open."""
        from_model = self.base_model is not None
        splits = not self.validation_dataset_id
        return replace(
            self,
            mode=self.mode or ("all_layers" if from_model else "scratch"),
            preprocessing=self.preprocessing or ("" if from_model else DEFAULT_PREPROCESSING),
            validation_fraction=self.validation_fraction or (DEFAULT_VALIDATION_FRACTION if splits else 0.0),
            max_epochs=self.max_epochs or DEFAULT_EPOCHS,
            patience=self.patience or DEFAULT_PATIENCE,
            batch_size=self.batch_size or DEFAULT_BATCH_SIZE,
            optimizer=self.optimizer or "adamw",
            min_quality=self.min_quality or DEFAULT_FLOOR,
            rate_hz=self.rate_hz or (0.0 if from_model else DEFAULT_RATE_HZ),
        )


@dataclass(frozen=True, slots=True)
class Training:
    """One training as its row says."""

    training_id: str
    tenant: str
    subject: str
    """Who asked for it, and on whose behalf the model is registered."""
    spec: TrainingSpec
    state: State
    created_at: datetime
    updated_at: datetime
    row: int = 0
    """Its place in the order in which trainings came."""
    epochs_done: int = 0
    attempts: int = 0
    launches: int = 0
    """How often a worker was started for it; numbers its workers. Unlike attempts it counts those that had to leave."""
    waiting_for: str = ""
    """Why no worker is at it yet, for people."""
    cancel_requested: bool = False
    error_detail: str = ""
    model: ModelName | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def key(self, name: str) -> str:
        """Return the object key of one of its files."""
        return f"trainings/{self.tenant}/{self.training_id}/{name}"


def later_by(attempts: int) -> float:
    """Return after how many seconds a training is started again that lost its worker: an outage should not cost all."""
    return RELAUNCH_SECONDS * attempts


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a training."""

    sequence: int
    kind: EventKind
    payload: Mapping[str, Any]
    created_at: datetime

    def payload_json(self) -> str:
        """Return the payload as a JSON object."""
        return json.dumps(dict(self.payload), ensure_ascii=False, allow_nan=False)
