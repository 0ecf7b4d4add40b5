"""The only reader of EINTHOVEN_GATEWAY_*: how the gateway listens, who may call, how much, and where the rooms are."""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from gateway.tokens import is_api_key
from services.shared.settings import DatabaseSettings, DeployableSettings, Part

_PAGE = Path(__file__).parent / "ui" / "dist"


class LimitSettings(Part):
    """How much one caller may send."""

    max_upload_bytes: int = Field(default=64 << 20, ge=1 << 10)
    """One uploaded file; a larger one is refused, the others of its request are not."""
    max_archive_bytes: int = Field(default=2 << 30, ge=1 << 10)
    """One uploaded zip or tar."""
    max_upload_files: int = Field(default=20_000, ge=1)
    """Files of one request; the report has a line for each."""
    max_model_bytes: int = Field(default=2 << 30, ge=1 << 10)
    """One uploaded model file."""
    max_labels_bytes: int = Field(default=64 << 20, ge=1 << 10)
    """One label CSV."""
    max_json_bytes: int = Field(default=32 << 20, ge=1 << 10)
    """A body that is not a file; tensors of the Open Inference Protocol are the largest."""
    max_field_bytes: int = Field(default=1 << 20, ge=1 << 10)
    """One form field; a model's manifest is the largest."""
    idle_seconds: float = Field(default=60.0, gt=0)
    """An upload that sends nothing for this long is given up."""
    calls_per_second: float = Field(default=200.0, gt=0)
    """What one API key may call in the long run."""
    burst: int = Field(default=400, ge=1)
    """What it may call at once after a pause."""


class ViewSettings(Part):
    """How long a view that was made is answered again."""

    kept_bytes: int = Field(default=64 << 20, ge=0, le=4 << 30)
    """What they may take of memory; 0 keeps none."""
    fresh_seconds: float = Field(default=5.0, ge=0, le=60)
    """How long one is answered before the services are asked whether it still stands: an erased record's, no longer."""
    kept_seconds: float = Field(default=60.0, ge=0, le=3600)
    """How long one stays in memory after the services were last asked."""


class PeerSettings(Part):
    """Where the services answer gRPC: host and port, or dns:///host:port for every replica."""

    ingest_address: str
    signal_analysis_address: str
    inference_address: str
    trainer_address: str
    exchange_address: str


class GatewaySettings(DeployableSettings):
    """What the gateway is configured with."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_GATEWAY_")

    database: DatabaseSettings
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """0 takes a free port."""
    authentication: Literal["local", "api_keys"] = "local"
    """"local": everyone is the one local user, on loopback only. "api_keys": every call brings a key."""
    bootstrap_key: SecretStr | None = None
    """The first administrator's API key, put into the database at the start where it is not there yet."""
    bootstrap_tenant: str = Field(default="site", pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    """The department of that administrator."""
    peers: PeerSettings
    limits: LimitSettings = LimitSettings()
    views: ViewSettings = ViewSettings()
    dicom_dataset: str = Field(default="dicom", min_length=1, max_length=200)
    """The name of each department's dataset for what comes by DICOMweb; it is made on first use."""
    ui_folder: Path = _PAGE
    """The built web page."""
    keep_alive_seconds: float = Field(default=15.0, gt=0)
    """A silent event stream sends a comment this often, so that proxies keep it open."""
    drain_seconds: float = Field(default=20.0, ge=0)
    """How long calls in flight may finish after SIGTERM, and after leave_seconds."""
    leave_seconds: float = Field(default=0.0, ge=0, le=300)
    """How long it goes on serving after SIGTERM, until whoever sends it calls has heard of it."""

    @field_validator("bootstrap_key")
    @classmethod
    def _well_formed(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not is_api_key(key.get_secret_value()):
            raise ValueError("The bootstrap key is not one that `python -m gateway.keys new` prints.")
        return key

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.authentication == "local" and not is_loopback(self.host):
            raise ValueError(
                f"Authentication 'local' lets everyone in, so it listens on loopback only, not on {self.host!r}: "
                "set authentication to 'api_keys', or host to 127.0.0.1."
            )
        if self.authentication == "local" and self.bootstrap_key is not None:
            raise ValueError("A bootstrap key needs authentication 'api_keys'.")
        return self


def is_loopback(host: str) -> bool:
    """Say whether a host name or address reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
