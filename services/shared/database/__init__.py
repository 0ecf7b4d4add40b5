'''The SQL database: one SQLite file, or one PostgreSQL database, shared by every service of a platform.

Each service owns its tables and no other. Their names begin with its own (`ingest_records`), and so does the table that
remembers its migrations (`alembic_version_ingest`). A service that owns rows has, beside its `tables.py`:

    services/ingest/migrations/versions/0001_records.py

        """Make the table of records."""

        import sqlalchemy as sa
        from alembic import op

        revision = "0001"
        down_revision = None        # "0001" in 0002_….py: a single line of revisions
        branch_labels = None
        depends_on = None


        def upgrade() -> None:
            """Make the table."""
            op.create_table("ingest_records", sa.Column("id", sa.String(64), primary_key=True))

There is no env.py, no ini file and no `__init__.py` in it: `migrate` brings one environment for all. Each file may be
run by a replica while another still runs the version before it, so a column is added in one release and relied upon in
the next. On SQLite, tables are altered within `op.batch_alter_table`. A bootstrap does

    database = open_database(settings.database)
    await migrate(database, "ingest", Path(__file__).parent / "migrations")

before it serves, and answers its readiness with `migrations_at_head`, where migrating is left to a job of its own.

    async with database.session() as session:                  # commits at the end, or rolls back
        session.add(...)
    async with database.session(read_only=True) as session:    # never waits for a writer
        rows = await session.scalars(select(...))

On SQLite one write session is open at a time, so nothing slow belongs into one: no call, no object store, no compute.
'''

from services.shared.database.engine import Database
from services.shared.database.migrations import migrate, migrations_at_head
from services.shared.database.opening import open_database

__all__ = ["Database", "migrate", "migrations_at_head", "open_database"]
