"""Keep when a job was last worked at, so that departments can take turns; of jobs of before nothing is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("signal_analysis_jobs", sa.Column("served_at", sa.Double, nullable=False, server_default="0"))
