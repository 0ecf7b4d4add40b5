"""What ingest is configured with; the only reader of its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.shared.settings import Part, ServiceSettings


class LimitSettings(Part):
    """How much of anything is taken at once."""

    max_file_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    max_held_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    """What one upload may hold of files that wait for the others of their record."""
    max_labels_bytes: int = Field(default=64 << 20, ge=1 << 10, le=1 << 30)
    files_at_once: int = Field(default=8, ge=1, le=256)
    """How many files of all uploads are in memory at once; further ones wait."""
    decode_threads: int = Field(default=0, ge=0, le=256)
    """0 takes one per core."""


class IngestSettings(ServiceSettings):
    """Everything a process of ingest needs to know."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_INGEST_")

    limits: LimitSettings = LimitSettings()
    pseudonym_secret: SecretStr | None = None
    """Keys the pseudonyms of patients; unset, the identity secret does, and patients get new ones when it changes."""
    sweep_seconds: float = Field(default=60.0, gt=0)
    """How often erasures that were interrupted are taken up again."""
    orphan_seconds: float = Field(default=900.0, ge=0)
    """How long an upload may take from writing an object to its row, before the object counts as left behind."""
