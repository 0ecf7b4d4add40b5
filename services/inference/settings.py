"""What inference is configured with."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from services.shared.settings import Part, StatelessServiceSettings


class RuntimeSettings(Part):
    """How models are run."""

    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """ONNX Runtime's execution providers, most wanted first; what is absent is reported and done without."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Cores for running models; 0 takes every one that the process may use."""
    runs_at_once: int = Field(default=0, ge=0, le=1024)
    """Runs beside each other when there is much to do; 0 takes one per core, on a GPU one at a time."""


class BatchSettings(Part):
    """How callers who ask for the same model share its runs."""

    max_batch: int = Field(default=32, ge=1, le=4096)
    """The most ECGs in one run."""
    preferred_batch: int = Field(default=0, ge=0, le=4096)
    """The ECGs that a run aims at; 0 measures once per model which number gives the best rate."""
    max_wait_ms: float = Field(default=2.0, ge=0, le=1000)
    """How long the first of several waiting requests may wait for more; a lone one never waits."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.preferred_batch > self.max_batch:
            raise ValueError("preferred_batch is greater than max_batch.")
        return self


class CacheSettings(Part):
    """How many models are kept ready."""

    max_models: int = Field(default=16, ge=1, le=4096)
    max_bytes: int = Field(default=2 << 30, ge=1 << 20)
    """Of model files; a session takes somewhat more memory than its file."""
    max_model_bytes: int = Field(default=512 << 20, ge=1 << 20)
    """A larger model is not loaded."""
    resolution_seconds: float = Field(default=30.0, ge=0, le=300)
    """How long the store's answer on a named version is believed, per department; the newest is always asked for."""


class InferenceSettings(StatelessServiceSettings):
    """Environment keys begin with EINTHOVEN_INFERENCE_."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_INFERENCE_")

    exchange_address: str
    ingest_address: str
    runtime: RuntimeSettings = RuntimeSettings()
    batch: BatchSettings = BatchSettings()
    cache: CacheSettings = CacheSettings()
    prepare_threads: int = Field(default=2, ge=1, le=256)
    """Threads that prepare signals."""
    max_inline_signals: int = Field(default=256, ge=1)
    """The most ECGs one call may bring along."""
