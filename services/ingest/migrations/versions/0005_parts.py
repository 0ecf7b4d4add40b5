"""Keep the digests of the files that a record came from, where they are others than its own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ingest_parts",
        sa.Column("dataset_id", sa.String(32), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("record_id", sa.String(32), primary_key=True),
    )
    op.create_index("ingest_parts_of_record", "ingest_parts", ["record_id"])
