"""Keep what a file says of its acquisition; records of before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("ingest_records", sa.Column("acquisition", sa.JSON(none_as_null=True)))
