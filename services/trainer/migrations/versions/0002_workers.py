"""Number the workers of a training, and keep why it waits for one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a service of the version before leaves them at their defaults."""
    op.add_column("trainer_trainings", sa.Column("launches", sa.Integer, nullable=False, server_default="0"))
    op.add_column("trainer_trainings", sa.Column("waiting_for", sa.Text, nullable=False, server_default=""))
