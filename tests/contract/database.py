"""What every database does, an SQLite file or a server."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from services.shared.database import Database
from tests.contract.migrations import ITEMS, OPENING, MigrationContract, names_in, start

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


class DatabaseContract(MigrationContract):
    """Every database's test class inherits these and gives the fixture `empty`."""

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
