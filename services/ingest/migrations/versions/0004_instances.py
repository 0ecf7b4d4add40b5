"""Keep what DICOM objects call themselves; those that came before are found under their records alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ingest_instances",
        sa.Column("record_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(255), nullable=False),
        sa.Column("dataset_id", sa.String(32), nullable=False),
        sa.Column("study_uid", sa.String(64), nullable=False),
        sa.Column("series_uid", sa.String(64), nullable=False),
        sa.Column("sop_uid", sa.String(64), nullable=False),
        sa.Column("sop_class_uid", sa.String(64), nullable=False),
    )
    op.create_index("ingest_instances_of_study", "ingest_instances", ["tenant", "study_uid", "series_uid"])
    op.create_index("ingest_instances_of_sop", "ingest_instances", ["tenant", "sop_uid"])
    op.create_index("ingest_instances_of_dataset", "ingest_instances", ["dataset_id"])
