"""What the trainer and its workers are configured with; the only reader of their environments."""

import os
from typing import Any

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.shared.settings import (
    BusSettings,
    DatabaseSettings,
    ServiceSettings,
    StorageSettings,
    TelemetrySettings,
)
from services.trainer.learning.recipe import Precision

WORKER_PREFIX = "EINTHOVEN_WORKER_"


class TrainerSettings(ServiceSettings):
    """Environment keys begin with EINTHOVEN_TRAINER_."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_TRAINER_")

    ingest_address: str
    """Where ingest answers, e.g. "dns:///ingest:8080"."""
    exchange_address: str
    workers_at_once: int = Field(default=1, ge=1, le=64)
    """How many local workers may work at the same time; the others wait."""
    lease_seconds: float = Field(default=60.0, ge=1)
    """A worker that is silent for this long counts as lost, and its training is queued again."""
    launch_seconds: float = Field(default=180.0, ge=1)
    """A worker that was started has this long to claim its training."""
    sweep_seconds: float = Field(default=2.0, gt=0)
    max_attempts: int = Field(default=3, ge=1, le=20)
    """After this many lost workers a training has failed."""
    precision: Precision = "float32"
    """bfloat16 computes networks in mixed precision: faster on GPUs and new CPUs, and less exact."""


class WorkerSettings(BaseSettings):
    """Environment keys begin with EINTHOVEN_WORKER_; a worker calls nobody, so it needs no identity."""

    model_config = SettingsConfigDict(env_prefix=WORKER_PREFIX, frozen=True, extra="forbid", env_nested_delimiter="__")

    storage: StorageSettings
    database: DatabaseSettings
    bus: BusSettings = BusSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    lease_seconds: float = Field(default=60.0, ge=1)
    precision: Precision = "float32"


class ProcessSettings(BaseSettings):
    """What torchrun tells each process of a training."""

    model_config = SettingsConfigDict(frozen=True)

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0


def worker_environment(settings: TrainerSettings) -> dict[str, str]:
    """Return the environment of a local worker: this process's own, without any setting of the platform's but its."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("EINTHOVEN_")}  # noqa: TID251 the one place
    worker = {
        "storage": settings.storage,
        "database": settings.database,
        "bus": settings.bus,
        "telemetry": settings.telemetry.model_copy(update={"metrics_port": None}),
        "lease_seconds": settings.lease_seconds,
        "precision": settings.precision,
    }
    return inherited | dict(pair for name, value in worker.items() for pair in _variables(name, value))


def _variables(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, BaseModel):
        return [
            pair for field in type(value).model_fields for pair in _variables(f"{name}__{field}", getattr(value, field))
        ]
    if value is None:
        return []
    return [
        (f"{WORKER_PREFIX}{name}".upper(), value.get_secret_value() if isinstance(value, SecretStr) else str(value))
    ]
