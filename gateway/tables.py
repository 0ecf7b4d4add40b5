"""The gateway's tables: who holds a key, and who called what."""

from datetime import datetime

from sqlalchemy import DateTime, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the gateway."""


class ApiKeyRow(Base):
    """One API key: its fingerprint, never the key."""

    __tablename__ = "gateway_api_keys"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    tenant: Mapped[str] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(String(200))
    roles: Mapped[str] = mapped_column(String(200))
    """Sorted, separated by commas."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditRow(Base):
    """One call that could change something; rows are only ever added."""

    __tablename__ = "gateway_audit"
    __table_args__ = (Index("ix_gateway_audit_tenant_at", "tenant", "at"),)

    audit_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tenant: Mapped[str] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(16))
    route: Mapped[str] = mapped_column(String(200))
    """The path's template; it names no record."""
    target: Mapped[str] = mapped_column(String(200))
    """The identifiers in the path, e.g. "dataset_id=d-7"; they are the platform's own, never a patient's."""
    status: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(64))
