"""Keep what was found of an ECG's quality; of records of before nothing is known."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("ingest_records", sa.Column("quality", sa.JSON(none_as_null=True)))
