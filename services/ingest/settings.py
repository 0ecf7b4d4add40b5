"""What ingest is configured with; the only reader of its environment."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from services.shared.settings import MIN_SECRET_BYTES, Part, ServiceSettings


class LimitSettings(Part):
    """How much of anything is taken at once."""

    max_file_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    max_held_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    """What one upload may hold of files that wait for the others of their record."""
    max_archive_bytes: int = Field(default=2 << 30, ge=1 << 20, le=1 << 40)
    """One zip or tar; larger than 4 MiB, it lies in the temporary folder while it is unpacked."""
    archives_at_once: int = Field(default=4, ge=1, le=256)
    """How many archives of all uploads lie there at once; further ones wait."""
    max_archive_members: int = Field(default=100_000, ge=1, le=1_000_000)
    """Files in one archive."""
    max_inflated_bytes: int = Field(default=64 << 30, ge=1 << 20, le=1 << 44)
    """What one archive may grow to, member by member."""
    max_inflation: int = Field(default=200, ge=2, le=1000)
    """How many times larger than the archive that may be, from 64 MiB on."""
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
    originals: Literal["encrypted", "deidentified", "as_received", "none"] = "encrypted"
    """What is kept of the files themselves: encrypted under the site's key; without names, dates of birth and ids, as
    far as that can be proved; as they came, names and all; or nothing."""
    originals_secret: SecretStr | None = None
    """Keys the encryption of originals; unset, the identity secret does."""
    originals_old_secrets: tuple[SecretStr, ...] = ()
    """Secrets that originals may still lie under: read, never written with. The identity secret is among them."""
    sweep_seconds: float = Field(default=60.0, gt=0)
    """How often erasures that were interrupted are taken up again."""
    orphan_seconds: float = Field(default=900.0, ge=0)
    """How long an upload may take from writing an object to its row, before the object counts as left behind."""

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if any(len(secret) < MIN_SECRET_BYTES for secret in self.originals_secrets):
            raise ValueError(f"Each secret of the originals must have at least {MIN_SECRET_BYTES} bytes.")
        return self

    @property
    def originals_secrets(self) -> tuple[bytes, ...]:
        """The secrets that originals are read with; the first is the one they are written with."""
        first = () if self.originals_secret is None else (self.originals_secret,)
        secrets = (*first, self.identity.secret, *self.originals_old_secrets)
        return tuple(secret.get_secret_value().encode() for secret in secrets)
