"""Make the tables of datasets, records, labels and claims."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_ALIVE = sa.text("erased_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    _datasets()
    _records()
    op.create_table(
        "ingest_labels",
        sa.Column("record_id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("dataset_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("icd10", sa.String(16), nullable=False),
    )
    op.create_index("ingest_labels_of_dataset", "ingest_labels", ["dataset_id", "name"])
    op.create_table(
        "ingest_claims",
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("holder", sa.String(32), primary_key=True),
        sa.Column("since", _MOMENT, nullable=False),
    )
    op.create_index("ingest_claims_since", "ingest_claims", ["since"])


def _datasets() -> None:
    op.create_table(
        "ingest_datasets",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("erased_at", _MOMENT),
    )
    _unique_while_alive("ingest_datasets_name", "ingest_datasets", ["tenant", "name"])


def _records() -> None:
    op.create_table(
        "ingest_records",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("tenant", sa.String(255), nullable=False),
        sa.Column("dataset_id", sa.String(32), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("format_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("shard_key", sa.String(400), nullable=False),
        sa.Column("shard_index", sa.Integer, nullable=False),
        sa.Column("leads", sa.JSON, nullable=False),
        sa.Column("samples", sa.BigInteger, nullable=False),
        sa.Column("rate_hz", sa.Double, nullable=False),
        sa.Column("remarks", sa.JSON, nullable=False),
        sa.Column("patient", sa.String(64)),
        sa.Column("age_years", sa.Double),
        sa.Column("sex", sa.String(16)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("erased_at", _MOMENT),
    )
    _unique_while_alive("ingest_records_same_bytes", "ingest_records", ["dataset_id", "sha256"])
    op.create_index("ingest_records_of_dataset", "ingest_records", ["dataset_id", "seq"])
    op.create_index("ingest_records_of_original", "ingest_records", ["tenant", "sha256"])
    op.create_index("ingest_records_of_shard", "ingest_records", ["shard_key"])
    op.create_index(
        "ingest_records_erased", "ingest_records", ["erased_at"],
        sqlite_where=sa.text("erased_at IS NOT NULL"), postgresql_where=sa.text("erased_at IS NOT NULL"),
    )  # fmt: skip


def _unique_while_alive(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE)
