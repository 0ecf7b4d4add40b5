"""What the DICOM receiver is configured with; the only reader of its environment."""

import re
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from services.shared.settings import DeployableSettings, Part

_TITLE: Final = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")
_DEPARTMENT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")


class TlsSettings(Part):
    """Certificates, PEM; without them the connection is not encrypted."""

    certificate_file: Path | None = None
    key_file: Path | None = None
    client_ca_file: Path | None = None
    """Who signs the certificates that senders must show; without it, any sender may connect."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("TLS needs both certificate_file and key_file.")
        if self.client_ca_file is not None and self.certificate_file is None:
            raise ValueError("A client_ca_file needs certificate_file and key_file.")
        return self


class LimitSettings(Part):
    """How much is taken at once; memory is bounded by associations times object bytes."""

    associations: int = Field(default=16, ge=1, le=256)
    """Connections at once; further ones are refused, and senders try again."""
    max_object_bytes: int = Field(default=64 << 20, ge=1 << 16, le=1 << 30)
    """A larger object ends its association."""
    max_pdu_bytes: int = Field(default=1 << 16, ge=1 << 12, le=1 << 20)
    idle_seconds: float = Field(default=60.0, gt=0)
    """A silent sender is given up after this long."""
    store_seconds: float = Field(default=60.0, gt=0)
    """How long ingest may take to store one object."""


class DicomReceiverSettings(DeployableSettings):
    """Everything the receiver needs to know."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_DICOM_RECEIVER_")

    ingest_address: str
    host: str = "127.0.0.1"
    port: int = Field(default=11112, ge=0, le=65535)
    """0 takes a free port."""
    ae_title: str = "EINTHOVEN"
    """What senders call the receiver; a call for another title is refused."""
    departments: dict[str, str]
    """AE title of each sender -> the department that its ECGs belong to, as JSON; other senders are refused."""
    dataset: str = Field(default="dicom", min_length=1, max_length=200)
    """The name of each department's dataset for what it sends; it is made on first use."""
    sop_classes: tuple[str, ...] = ()
    """Further SOP classes that are taken, beside the four of ECGs."""
    tls: TlsSettings = TlsSettings()
    limits: LimitSettings = LimitSettings()
    drain_seconds: float = Field(default=20.0, ge=0)
    """How long associations may come to their end after SIGTERM."""

    @model_validator(mode="after")
    def _understood(self) -> Self:
        if not self.departments:
            raise ValueError('Name the senders: departments, e.g. {"CART1": "cardiology"}.')
        for title in (self.ae_title, *self.departments):
            if not _TITLE.fullmatch(title):
                raise ValueError(f"{title[:20]!r} is no AE title: 1 to 16 printable characters, no backslash.")
        for department in self.departments.values():
            if not _DEPARTMENT.fullmatch(department):
                raise ValueError(f"{department[:64]!r} is no department: lower-case letters, digits, '.', '_', '-'.")
        for uid in self.sop_classes:
            if not _UID.fullmatch(uid):
                raise ValueError(f"{uid[:64]!r} is no SOP class UID.")
        return self
