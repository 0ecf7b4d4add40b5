"""The contract of the trainer's rows on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.shared.database import Database, migrate, open_database
from services.shared.settings import DatabaseSettings
from services.trainer.bootstrap import MIGRATIONS
from services.trainer.tables import METADATA
from tests.contract.trainer_ledger import LedgerContract


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    database = open_database(DatabaseSettings.model_validate({"url": url}))
    await migrate(database, "trainer", MIGRATIONS)
    yield database
    await database.close()


class TestSqlite(LedgerContract):
    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        async with migrated(f"sqlite+aiosqlite:///{tmp_path}/trainer.sqlite") as database:
            yield database


@pytest.mark.integration
class TestPostgres(LedgerContract):
    @pytest.fixture
    async def database(self, database_url: str) -> AsyncIterator[Database]:
        async with migrated(database_url) as database:
            yield database

    async def test_the_migrations_make_what_the_code_expects(self, database: Database) -> None:
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 slow to import
        from alembic.migration import MigrationContext  # noqa: PLC0415

        options = {"include_name": lambda name, kind, _: kind != "table" or (name or "").startswith("trainer_")}
        async with database.session(read_only=True) as session:
            connection = await session.connection()
            differences = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), METADATA)
            )

        assert differences == []
