"""What every database does, an SQLite file or a server."""

import asyncio
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database import Database, migrate, migrations_at_head
from services.shared.errors import Conflict

TABLES = sa.MetaData()
ITEMS = sa.Table(
    "demo_items",
    TABLES,
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


async def names_in(session: AsyncSession) -> list[str]:
    return list(await session.scalars(sa.select(ITEMS.c.name).order_by(ITEMS.c.id)))


async def tables_of(database: Database) -> set[str]:
    async with database.session(read_only=True) as session:
        connection = await session.connection()
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


class DatabaseContract:
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

    async def test_a_session_commits_at_its_end(self, database: Database) -> None:
        async with database.session() as session:
            await session.execute(sa.insert(ITEMS).values(id=1, name="a"))

        async with database.session(read_only=True) as session:
            assert await names_in(session) == ["made by the migration", "a"]

    async def test_a_session_that_raises_leaves_nothing(self, database: Database) -> None:
        async def insert_and_fail() -> None:
            async with database.session() as session:
                await session.execute(sa.insert(ITEMS).values(id=1, name="a"))
                raise LookupError

        with pytest.raises(LookupError):
            await insert_and_fail()

        async with database.session(read_only=True) as session:
            assert await names_in(session) == ["made by the migration"]

    async def test_a_cancelled_session_leaves_nothing_and_no_lock(self, database: Database) -> None:
        inserted = asyncio.Event()

        async def insert_and_wait() -> None:
            async with database.session() as session:
                await session.execute(sa.insert(ITEMS).values(id=1, name="a"))
                inserted.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(insert_and_wait())
        await inserted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async with database.session() as session:
            await session.execute(sa.insert(ITEMS).values(id=1, name="b"))
            assert await names_in(session) == ["made by the migration", "b"]

    async def test_what_is_committed_may_be_read_after_the_session(self, database: Database) -> None:
        async with database.session() as session:
            row = (await session.execute(sa.select(ITEMS))).one()

        assert row.name == "made by the migration"

    async def test_a_broken_constraint_is_left_to_the_service(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            async with database.session() as session:
                await session.execute(sa.insert(ITEMS).values(id=1, name="made by the migration"))

    async def test_foreign_keys_are_enforced(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            async with database.session() as session:
                await session.execute(sa.insert(ITEMS).values(id=1, name="a", parent=77))

    async def test_a_wrong_statement_is_not_mistaken_for_a_database_that_is_down(self, database: Database) -> None:
        with pytest.raises((OperationalError, ProgrammingError)):
            async with database.session() as session:
                await session.execute(sa.text("SELECT nothing FROM nowhere"))

    async def test_errors_carry_no_values(self, database: Database) -> None:
        with pytest.raises(IntegrityError) as caught:
            async with database.session() as session:
                await session.execute(sa.insert(ITEMS).values(id=0, name="patient Smith"))

        assert "Smith" not in str(caught.value)

    async def test_a_read_only_session_refuses_to_write(self, database: Database) -> None:
        with pytest.raises(DBAPIError):
            async with database.session(read_only=True) as session:
                await session.execute(sa.insert(ITEMS).values(id=1, name="a"))

        async with database.session() as session:
            await session.execute(sa.insert(ITEMS).values(id=1, name="b"))

    async def test_a_reader_does_not_wait_for_a_writer(self, database: Database) -> None:
        async with database.session() as writing:
            await writing.execute(sa.insert(ITEMS).values(id=1, name="a"))
            async with asyncio.timeout(5), database.session(read_only=True) as reading:
                names = await names_in(reading)

        assert names == ["made by the migration"]

    async def test_many_readers_that_become_writers_all_succeed(self, database: Database) -> None:
        async def count_up() -> None:
            async with database.session() as session:
                query = sa.select(ITEMS.c.id).where(ITEMS.c.parent.is_(None)).with_for_update()
                await session.execute(query)
                highest = await session.scalar(sa.select(sa.func.max(ITEMS.c.id)))
                await session.execute(sa.insert(ITEMS).values(id=(highest or 0) + 1, name=f"n{highest}", parent=0))

        await asyncio.gather(*(count_up() for _ in range(30)))

        async with database.session(read_only=True) as session:
            assert await session.scalar(sa.select(sa.func.max(ITEMS.c.id))) == 30

    async def test_several_processes_write_at_once(self, database: Database, tmp_path: Path) -> None:
        script = tmp_path / "writer.py"
        script.write_text(OPENING + INSERTING)
        url = database.url.render_as_string(hide_password=False)

        writers = [await start(script, url, str(number)) for number in range(2)]
        outcomes = [await writer.wait() for writer in writers]

        assert outcomes == [0, 0]
        async with database.session(read_only=True) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(ITEMS)) == 1 + 2 * 20

    async def test_a_database_that_works_answers(self, empty: Database) -> None:
        await empty.ping()

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

    async def test_tables_of_a_newer_version_are_refused(self, database: Database, tmp_path: Path) -> None:
        write_migration(tmp_path / "other line", "9999", FIRST)

        with pytest.raises(Conflict):
            await migrate(database, "demo", tmp_path / "other line")

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


OPENING = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, ".")
from services.shared.database import migrate, open_database
from services.shared.settings import DatabaseSettings
import sqlalchemy as sa

database = open_database(DatabaseSettings(url=sys.argv[1]))

"""

INSERTING = """
async def main():
    for number in range(20):
        async with database.session() as session:
            await session.scalar(sa.text("SELECT max(id) FROM demo_items"))
            values = {"id": (int(sys.argv[2]) + 1) * 1000 + number, "name": f"{sys.argv[2]}-{number}"}
            await session.execute(sa.text("INSERT INTO demo_items (id, name) VALUES (:id, :name)"), values)
    await database.close()

asyncio.run(main())
"""

MIGRATING = """
async def main():
    await migrate(database, "demo", Path(sys.argv[2]))
    await database.close()

asyncio.run(main())
"""
