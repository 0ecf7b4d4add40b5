"""The rows that ingest owns.

A dataset or record that is being erased keeps its row, marked and invisible, until everything of it is gone from the
object store. A claim is made before an object is written or deleted, so that what a crash leaves behind is found.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)
ID_CHARACTERS = 32
NAME_CHARACTERS = 255
KEY_CHARACTERS = 400
UID_CHARACTERS = 64


class Base(DeclarativeBase):
    """The tables of ingest."""


class DatasetRow(Base):
    """A dataset."""

    __tablename__ = "ingest_datasets"

    seq: Mapped[int] = mapped_column(_SEQUENCE, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), unique=True)
    tenant: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    name: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    version: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    erased_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class RecordRow(Base):
    """A record."""

    __tablename__ = "ingest_records"

    seq: Mapped[int] = mapped_column(_SEQUENCE, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), unique=True)
    tenant: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    dataset_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS))
    file_name: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    format_name: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    shard_key: Mapped[str] = mapped_column(sa.String(KEY_CHARACTERS))
    shard_index: Mapped[int] = mapped_column(sa.Integer)
    leads: Mapped[list[str]] = mapped_column(sa.JSON)
    samples: Mapped[int] = mapped_column(sa.BigInteger)
    rate_hz: Mapped[float] = mapped_column(sa.Double)
    remarks: Mapped[list[Any]] = mapped_column(sa.JSON)
    patient: Mapped[str | None] = mapped_column(sa.String(64))
    age_years: Mapped[float | None] = mapped_column(sa.Double)
    sex: Mapped[str | None] = mapped_column(sa.String(16))
    acquisition: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    quality: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    erased_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class LabelRow(Base):
    """One label of one record."""

    __tablename__ = "ingest_labels"

    record_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS))
    name: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    icd10: Mapped[str] = mapped_column(sa.String(16))


class PartRow(Base):
    """An uploaded file that is not a record's original, and a record that came from it."""

    __tablename__ = "ingest_parts"

    dataset_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    record_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), primary_key=True)


class InstanceRow(Base):
    """What the DICOM object that became a record calls itself."""

    __tablename__ = "ingest_instances"

    record_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(NAME_CHARACTERS))
    dataset_id: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS))
    study_uid: Mapped[str] = mapped_column(sa.String(UID_CHARACTERS))
    series_uid: Mapped[str] = mapped_column(sa.String(UID_CHARACTERS))
    sop_uid: Mapped[str] = mapped_column(sa.String(UID_CHARACTERS))
    sop_class_uid: Mapped[str] = mapped_column(sa.String(UID_CHARACTERS))


class ClaimRow(Base):
    """A promise to write an object, or to delete it; it ends with the transaction that makes the change known."""

    __tablename__ = "ingest_claims"

    key: Mapped[str] = mapped_column(sa.String(KEY_CHARACTERS), primary_key=True)
    holder: Mapped[str] = mapped_column(sa.String(ID_CHARACTERS), primary_key=True)
    """Which upload writes it; ERASER where it is deleted or rewritten."""
    since: Mapped[datetime] = mapped_column(_MOMENT)


ERASER = "eraser"
