"""What migrations do on every database."""

import asyncio
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database import Database, migrate, migrations_at_head
from services.shared.errors import Conflict

ITEMS = sa.Table(
    "demo_items",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, unique=True),
    sa.Column("parent", sa.ForeignKey("demo_items.id")),
)

HEADER = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None

"""

FIRST = """
def upgrade() -> None:
    op.create_table(
        "demo_items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, unique=True),
        sa.Column("parent", sa.ForeignKey("demo_items.id")),
    )
    op.execute("INSERT INTO demo_items (id, name) VALUES (0, 'made by the migration')")
"""

SECOND = """
def upgrade() -> None:
    op.add_column("demo_items", sa.Column("note", sa.String(20)))
"""

BROKEN = """
def upgrade() -> None:
    op.create_table("demo_half", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO demo_items (id, name) VALUES (1, 'half')")
    op.execute("this is no statement")
"""


def write_migration(folder: Path, revision: str, body: str, *, after: str | None = None) -> None:
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (versions / f"{revision}.py").write_text(HEADER.format(revision=revision, down=repr(after)) + dedent(body))


OPENING = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, ".")
from services.shared.database import migrate, open_database
from services.shared.settings import DatabaseSettings
import sqlalchemy as sa

database = open_database(DatabaseSettings(url=sys.argv[1]))

"""

MIGRATING = """
async def main():
    await migrate(database, "demo", Path(sys.argv[2]))
    await database.close()

asyncio.run(main())
"""


async def names_in(session: AsyncSession) -> list[str]:
    return list(await session.scalars(sa.select(ITEMS.c.name).order_by(ITEMS.c.id)))


async def tables_of(database: Database) -> set[str]:
    async with database.session(read_only=True) as session:
        connection = await session.connection()
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


class MigrationContract:
    """Every database's test class inherits these and gives the fixture `empty`."""

    @pytest.fixture
    def migrations(self, tmp_path: Path) -> Path:
        folder = tmp_path / "50%: migrations"
        write_migration(folder, "0001", FIRST)
        return folder

    @pytest.fixture
    async def database(self, empty: Database, migrations: Path) -> Database:
        await migrate(empty, "demo", migrations)
        return empty

    async def test_migrations_run_once(self, database: Database, migrations: Path) -> None:
        await migrate(database, "demo", migrations)

        async with database.session(read_only=True) as session:
            assert await names_in(session) == ["made by the migration"]

    async def test_being_at_the_head_is_known(self, empty: Database, migrations: Path, tmp_path: Path) -> None:
        before = await migrations_at_head(empty, "demo", migrations)
        await migrate(empty, "demo", migrations)
        after = await migrations_at_head(empty, "demo", migrations)
        newer = tmp_path / "newer"
        write_migration(newer, "0001", FIRST)
        write_migration(newer, "0002", SECOND, after="0001")

        assert (before, after) == (False, True)
        assert not await migrations_at_head(empty, "demo", newer)
        await migrate(empty, "demo", newer)
        assert await migrations_at_head(empty, "demo", newer)

    async def test_tables_of_a_newer_version_are_left_as_they_are(
        self, database: Database, migrations: Path, tmp_path: Path
    ) -> None:
        newer = tmp_path / "newer"
        write_migration(newer, "0001", FIRST)
        write_migration(newer, "0002", SECOND, after="0001")
        await migrate(database, "demo", newer)

        await migrate(database, "demo", migrations)

        assert await migrations_at_head(database, "demo", migrations)
        assert await migrations_at_head(database, "demo", newer)

    async def test_services_keep_their_versions_apart(self, database: Database, tmp_path: Path) -> None:
        write_migration(tmp_path / "other", "0001", FIRST.replace("demo_items", "other_items"))

        await migrate(database, "other", tmp_path / "other")

        expected = {"demo_items", "other_items", "alembic_version_demo", "alembic_version_other"}
        assert await tables_of(database) == expected

    async def test_a_migration_that_fails_leaves_nothing(self, database: Database, migrations: Path) -> None:
        write_migration(migrations, "0002", BROKEN, after="0001")

        with pytest.raises(DBAPIError):
            await migrate(database, "demo", migrations)

        assert await tables_of(database) == {"demo_items", "alembic_version_demo"}
        async with database.session(read_only=True) as session:
            assert await names_in(session) == ["made by the migration"]

    async def test_tables_of_another_history_are_refused(self, database: Database, tmp_path: Path) -> None:
        write_migration(tmp_path / "other line", "9999", FIRST)

        with pytest.raises(Conflict):
            await migrate(database, "demo", tmp_path / "other line")
        assert not await migrations_at_head(database, "demo", tmp_path / "other line")

    async def test_several_services_may_migrate_at_once(self, empty: Database, tmp_path: Path) -> None:
        for name in "abc":
            write_migration(tmp_path / name, "0001", FIRST.replace("demo_items", f"{name}_items"))

        await asyncio.gather(*(migrate(empty, name, tmp_path / name) for name in "abc"))

        assert {"a_items", "b_items", "c_items"} <= await tables_of(empty)

    async def test_processes_that_start_together_migrate_once(
        self, empty: Database, migrations: Path, tmp_path: Path
    ) -> None:
        script = tmp_path / "migrator.py"
        script.write_text(OPENING + MIGRATING)
        url = empty.url.render_as_string(hide_password=False)

        migrators = [await start(script, url, str(migrations)) for _ in range(2)]
        outcomes = [await migrator.wait() for migrator in migrators]

        assert outcomes == [0, 0]
        async with empty.session(read_only=True) as session:
            assert await names_in(session) == ["made by the migration"]


async def start(script: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", script, *arguments, cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL
    )
