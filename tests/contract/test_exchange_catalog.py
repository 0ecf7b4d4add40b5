"""The contract of the model store's catalog on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.exchange.bootstrap import MIGRATIONS
from services.exchange.catalog import SqlCatalog
from services.exchange.tables import METADATA
from services.shared.database import Database, migrate, open_database
from services.shared.settings import DatabaseSettings
from tests.contract.exchange_catalog import CatalogContract


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    database = open_database(DatabaseSettings.model_validate({"url": url}))
    await migrate(database, "exchange", MIGRATIONS)
    yield database
    await database.close()


class TestSqlite(CatalogContract):
    @pytest.fixture
    async def catalog(self, tmp_path: Path) -> AsyncIterator[SqlCatalog]:
        async with migrated(f"sqlite+aiosqlite:///{tmp_path}/exchange.sqlite") as database:
            yield SqlCatalog(database)


@pytest.mark.integration
class TestPostgres(CatalogContract):
    @pytest.fixture
    async def catalog(self, database_url: str) -> AsyncIterator[SqlCatalog]:
        async with migrated(database_url) as database:
            yield SqlCatalog(database)

    async def test_the_migrations_make_what_the_code_expects(self, database_url: str) -> None:
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 slow to import
        from alembic.migration import MigrationContext  # noqa: PLC0415

        async with migrated(database_url) as database, database.session(read_only=True) as session:
            connection = await session.connection()
            differences = await connection.run_sync(
                lambda sync: compare_metadata(
                    MigrationContext.configure(sync, opts={"include_name": lambda name, kind, _: _ours(name, kind)}),
                    METADATA,
                )
            )

        assert differences == []


def _ours(name: str | None, kind: str) -> bool:
    return kind != "table" or (name or "").startswith("exchange_")
