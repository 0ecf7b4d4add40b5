"""The contract of the rows of measuring jobs on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.shared.database import Database, migrate, open_database
from services.shared.settings import DatabaseSettings
from services.signal_analysis.bootstrap import MIGRATIONS
from services.signal_analysis.tables import METADATA
from tests.contract.measurement_ledger import MeasurementLedgerContract


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    database = open_database(DatabaseSettings.model_validate({"url": url}))
    await migrate(database, "signal_analysis", MIGRATIONS)
    yield database
    await database.close()


class TestSqlite(MeasurementLedgerContract):
    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        async with migrated(f"sqlite+aiosqlite:///{tmp_path}/jobs.sqlite") as database:
            yield database


@pytest.mark.integration
class TestPostgres(MeasurementLedgerContract):
    @pytest.fixture
    async def database(self, database_url: str) -> AsyncIterator[Database]:
        async with migrated(database_url) as database:
            yield database

    async def test_the_migrations_make_what_the_code_expects(self, database: Database) -> None:
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 slow to import
        from alembic.migration import MigrationContext  # noqa: PLC0415

        options = {"include_name": lambda name, kind, _: kind != "table" or (name or "").startswith("signal_analysis_")}
        async with database.session(read_only=True) as session:
            connection = await session.connection()
            differences = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), METADATA)
            )

        assert differences == []
