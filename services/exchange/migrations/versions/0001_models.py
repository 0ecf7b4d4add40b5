"""Make the tables of models, their files and the names published to the site."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "exchange_models",
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
    )
    op.create_index("exchange_models_name", "exchange_models", ["name"])
    op.create_table(
        "exchange_files",
        sa.Column("model_id", sa.BigInteger, sa.ForeignKey("exchange_models.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("file_name", sa.String(100), primary_key=True),
        sa.Column("object_key", sa.String(900), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
    )
    op.create_table(
        "exchange_site_names",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
    )
