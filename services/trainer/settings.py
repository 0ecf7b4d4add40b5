"""What the trainer and its workers are configured with; the only reader of their environments."""

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
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


class KubernetesSettings(BaseModel):
    """Where the workers' Jobs are made, and out of what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_template_file: Path
    """A Job as YAML; `services.trainer.launchers` says what it must have."""
    namespace: str = Field(min_length=1, max_length=63)
    subdomain: str = Field(min_length=1, max_length=63)
    """The headless service that selects the workers' pods."""
    gpu_resource: str = Field(default="nvidia.com/gpu", min_length=1, max_length=317)
    """What the cluster calls one GPU."""
    kubeconfig: Path | None = None
    """Credentials from outside the cluster; inside it the pod's service account is used."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """How long the cluster's API may take for one answer."""


class TrainerSettings(ServiceSettings):
    """Environment keys begin with EINTHOVEN_TRAINER_."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_TRAINER_")

    ingest_address: str
    """Where ingest answers, e.g. "dns:///ingest:8080"."""
    exchange_address: str
    launcher: Literal["local", "kubernetes"] = "local"
    """Workers are processes of this machine, or Jobs of the cluster."""
    kubernetes: KubernetesSettings | None = None
    workers_at_once: int = Field(default=1, ge=1, le=64)
    """How many trainings may be at work on this machine at the same time; a cluster has queues and quotas itself."""
    lease_seconds: float = Field(default=60.0, ge=1)
    """A worker that is silent for this long counts as lost, and its training is queued again."""
    launch_seconds: float = Field(default=180.0, ge=1)
    """A worker that was started has this long to claim its training."""
    sweep_seconds: float = Field(default=2.0, gt=0)
    max_attempts: int = Field(default=3, ge=1, le=20)
    """After this many lost workers a training has failed."""
    precision: Precision = "float32"
    """bfloat16 computes networks in mixed precision: faster on GPUs and new CPUs, and less exact."""

    @model_validator(mode="after")
    def _cluster_is_known(self) -> Self:
        if self.launcher == "kubernetes" and self.kubernetes is None:
            raise ValueError("launcher is kubernetes, so kubernetes.job_template_file and its company must be given.")
        return self


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
    local_world_size: int = 1


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
