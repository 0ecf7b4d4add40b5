"""The rows of the store."""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

MODELS: Final = sa.Table(
    "exchange_models",
    METADATA,
    # SQLite counts up only where the key is a plain INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("origin_id", sa.String(200)),
    sa.Column("visibility", sa.String(16), nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    sa.Column("manifest_json", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("tenant", "name", "version", name="exchange_models_version"),
    sa.UniqueConstraint("tenant", "origin_id", name="exchange_models_origin"),
    sa.Index("exchange_models_name", "name"),
)
"""Versions of models; those that are not ready are being written and shown to nobody."""

FILES: Final = sa.Table(
    "exchange_files",
    METADATA,
    sa.Column("model_id", sa.BigInteger, sa.ForeignKey("exchange_models.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("file_name", sa.String(100), primary_key=True),
    sa.Column("object_key", sa.String(900), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.String(100), nullable=False),
)
"""The files of versions."""

SITE_NAMES: Final = sa.Table(
    "exchange_site_names",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("tenant", sa.String(64), nullable=False),
)
"""Which department publishes models under a name."""
