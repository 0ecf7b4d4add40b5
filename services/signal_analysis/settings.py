"""What signal analysis is configured with; the only reader of its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.shared.settings import ServiceSettings


class SignalAnalysisSettings(ServiceSettings):
    """Everything a process of signal analysis needs to know."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_SIGNAL_ANALYSIS_")

    ingest_address: str
    """Where ingest answers, e.g. "dns:///ingest:8080"."""
    view_cache_bytes: int = Field(default=64 << 20, ge=0, le=4 << 30)
    """What views that were made before may take of memory; 0 keeps none."""
    view_cache_seconds: float = Field(default=60.0, ge=0, le=3600)
    """How long one is kept. An erased record's is given out to nobody, and is gone from memory after this long."""
    measuring_processes: int = Field(default=0, ge=0, le=256)
    """How many processes measure datasets; 0 takes one per core, as far as the container's memory goes."""
    measuring_lease_seconds: float = Field(default=60.0, ge=5)
    """A replica that measures a dataset and is silent for this long counts as lost; another one goes on."""
    measuring_turn_seconds: float = Field(default=60.0, gt=0)
    """How long a dataset is measured while a department waits that no replica is at work for; then that goes first."""
    measuring_sweep_seconds: float = Field(default=5.0, gt=0)
    """How often a replica looks for datasets that wait, where no bell was heard."""
