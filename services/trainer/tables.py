"""The rows that the trainer owns: trainings, and what happened to them.

Moments that are compared are seconds since 1970, because SQLite keeps no time zones.
"""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

TRAININGS: Final = sa.Table(
    "trainer_trainings",
    METADATA,
    # SQLite counts up only where the key is a plain INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("training_id", sa.String(32), nullable=False, unique=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("spec_json", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("epochs_done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("error_detail", sa.Text, nullable=False, server_default=""),
    sa.Column("model_name", sa.String(64), nullable=False, server_default=""),
    sa.Column("model_version", sa.String(64), nullable=False, server_default=""),
    sa.Column("worker", sa.String(64), nullable=False, server_default=""),
    sa.Column("lease_until", sa.Double, nullable=False, server_default="0"),
    sa.Column("events", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("launches", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting_for", sa.Text, nullable=False, server_default=""),
    sa.Index("trainer_trainings_tenant", "tenant", "id"),
    sa.Index("trainer_trainings_state", "state"),
)
"""Trainings. Until `lease_until` a training that waits or runs belongs to the worker that was started for it; `events`
counts its events, so that adding one and numbering it is one step."""

EVENTS: Final = sa.Table(
    "trainer_events",
    METADATA,
    sa.Column("training_id", sa.String(32), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("payload_json", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
)
"""What happened to trainings."""
