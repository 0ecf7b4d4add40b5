"""The settings every deployable composes, and the one way to read them from an environment.

A deployable has one frozen class of its own in its `settings.py`, made of these parts, e.g.

    class IngestSettings(ServiceSettings):
        model_config = SettingsConfigDict(env_prefix="EINTHOVEN_INGEST_")

Nested fields are joined by two underscores: EINTHOVEN_INGEST_STORAGE__BUCKET. A key with the prefix that names no field
is refused, and so is a contradiction, in one sentence.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.shared.errors import InvalidRequest

MIN_SECRET_BYTES = 32


class Part(BaseModel):
    """A frozen group of settings that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StorageSettings(Part):
    """Where objects are kept: a folder, or a bucket of any S3 store."""

    kind: Literal["folder", "s3"] = "folder"
    folder: Path | None = None
    endpoint: str | None = None
    """Host and port of the S3 store, without a scheme."""
    access_key: str | None = None
    secret_key: SecretStr | None = None
    bucket: str = "einthoven"
    region: str = "us-east-1"
    secure: bool = True
    """Whether the S3 store is spoken to over TLS."""
    ca_file: Path | None = None
    """A private certificate authority for it, PEM."""
    proxy_url: str | None = None
    """http://HOST:PORT of a proxy on the way to it; HTTPS_PROXY and its kind are not looked at."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "folder" and self.folder is None:
            raise ValueError("Storage of kind folder needs a folder.")
        if self.kind == "s3" and not (self.endpoint and self.access_key and self.secret_key):
            raise ValueError("Storage of kind s3 needs endpoint, access_key and secret_key.")
        return self


class BusSettings(Part):
    """How services ring each other: inside one process, or over NATS JetStream."""

    kind: Literal["local", "nats"] = "local"
    url: str | None = None
    credentials_file: Path | None = None
    """A NATS .creds file."""
    ca_file: Path | None = None
    """A private certificate authority for it, PEM."""
    replicas: int = Field(default=1, ge=1, le=5)
    """How many servers of a NATS cluster keep each work queue; queues that are there stay as they are."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "nats" and not self.url:
            raise ValueError("A bus of kind nats needs a url.")
        return self


class DatabaseSettings(Part):
    """The SQL database: an SQLite file, or PostgreSQL."""

    url: SecretStr
    """sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME

    `?sslmode=` says how PostgreSQL is spoken to over TLS: disable, prefer, require, verify-ca or verify-full.
    """
    ca_file: Path | None = None
    """A private certificate authority for PostgreSQL, PEM; sslmode is then verify-full where the URL names none."""
    pool_size: int = Field(default=10, ge=1, le=200)
    migrate: bool = True
    """Whether the deployable migrates its tables when it starts; without, it waits until a job of their own has."""


class IdentitySettings(Part):
    """The secret with which deployables sign and verify internal tokens."""

    secret: SecretStr
    token_seconds: int = Field(default=60, ge=5, le=600)

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if len(self.secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"The identity secret must have at least {MIN_SECRET_BYTES} bytes.")
        return self


class RpcSettings(Part):
    """How a service listens for gRPC."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """0 takes a free port."""
    max_message_bytes: int = Field(default=16 << 20, ge=1 << 20, le=256 << 20)
    drain_seconds: float = Field(default=20.0, ge=0)
    """How long calls in flight may finish after SIGTERM, and after leave_seconds."""
    leave_seconds: float = Field(default=0.0, ge=0, le=300)
    """How long it goes on serving after SIGTERM, until whoever balances calls has heard of it."""
    max_connection_age_seconds: float = Field(default=30.0, gt=0)
    """After this long a client reconnects, and so finds new replicas."""


class TelemetrySettings(Part):
    """Logs, metrics and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Serves /metrics on this port; None serves none."""
    metrics_host: str = "127.0.0.1"
    otlp_endpoint: str | None = None
    """Where traces go by OTLP over gRPC; None keeps none."""


class DeployableSettings(BaseSettings):
    """What every deployable is configured with, the gateway included."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_nested_delimiter="__")

    identity: IdentitySettings
    telemetry: TelemetrySettings = TelemetrySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the constructor first, then from the environment; never from files."""
        return init_settings, env_settings


class StatelessServiceSettings(DeployableSettings):
    """What a service that owns no rows is configured with: it reads objects and answers calls."""

    storage: StorageSettings
    rpc: RpcSettings = RpcSettings()


class ServiceSettings(StatelessServiceSettings):
    """What a service that owns rows and tells news is configured with."""

    database: DatabaseSettings
    bus: BusSettings = BusSettings()


class MigrationSettings(BaseSettings):
    """What migrating a deployable's tables takes; the other settings of that deployable may be there as well."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_nested_delimiter="__")

    database: DatabaseSettings
    telemetry: TelemetrySettings = TelemetrySettings()


AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def load(kind: type[AnySettings]) -> AnySettings:
    """Read one deployable's settings from the environment of the process.

    Raises InvalidRequest naming every key that is unknown, missing or contradictory.
    """
    prefix = kind.model_config.get("env_prefix", "")
    given = [key.upper() for key in os.environ if key.upper().startswith(prefix)]  # noqa: TID251 the one place
    unknown = sorted(key for key in given if key[len(prefix) :].split("__")[0].lower() not in kind.model_fields)
    if unknown:
        raise InvalidRequest(f"Unknown settings: {', '.join(unknown)}. Known are the fields of {kind.__name__}.")
    with _explained(prefix, kind):
        return kind()


def load_migration(deployable: str) -> MigrationSettings:
    """Read what migrating one deployable's tables takes, from that deployable's own environment."""
    prefix = f"EINTHOVEN_{deployable}_".upper()
    with _explained(prefix, MigrationSettings):
        return MigrationSettings(_env_prefix=prefix)


@contextmanager
def _explained(prefix: str, kind: type[BaseSettings]) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        faults = "; ".join(
            f"{prefix}{'__'.join(map(str, fault['loc'])).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise InvalidRequest(f"The settings of {kind.__name__} are refused. {faults}") from None
