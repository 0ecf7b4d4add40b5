"""The rows that signal analysis owns: jobs that measure whole datasets.

Moments that are compared are seconds since 1970, because SQLite keeps no time zones. What was measured is no row: it
lies in the object store under `derived/<tenant>/<dataset>/`, where ingest erases it with the records it came from.
"""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

JOBS: Final = sa.Table(
    "signal_analysis_jobs",
    METADATA,
    # SQLite counts up only where the key is a plain INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("job_id", sa.String(32), nullable=False, unique=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("dataset_id", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("engine", sa.String(64), nullable=False, server_default=""),
    sa.Column("records", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reused", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("error_detail", sa.Text, nullable=False, server_default=""),
    sa.Column("worker", sa.String(32), nullable=False, server_default=""),
    sa.Column("lease_until", sa.Double, nullable=False, server_default="0"),
    sa.Column("checked_at", sa.Double, nullable=False, server_default="0"),
    sa.Column("served_at", sa.Double, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("signal_analysis_jobs_tenant", "tenant", "id"),
    sa.Index("signal_analysis_jobs_dataset", "tenant", "dataset_id"),
    sa.Index("signal_analysis_jobs_state", "state"),
)
"""Until `lease_until` a running job belongs to `worker`; `checked_at` is when its dataset was last looked for.

`served_at` is when a worker was last at it: the latest of a department says when that had its turn.
"""
