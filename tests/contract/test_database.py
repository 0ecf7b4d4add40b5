"""The contract of the database on SQLite and PostgreSQL, and what only one of them meets."""

import asyncio
import contextlib
import sqlite3
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.shared.database import Database, open_database
from services.shared.errors import InvalidRequest, Unavailable
from services.shared.settings import DatabaseSettings
from tests.contract.database import DatabaseContract
from tests.servers import data_folder, free_port, postgres_server, private_certificate, running


def opened(url: str, pool_size: int = 5) -> Database:
    return open_database(DatabaseSettings.model_validate({"url": url, "pool_size": pool_size}))


class TestSqlite(DatabaseContract):
    """One file."""

    @pytest.fixture
    async def empty(self, tmp_path: Path) -> AsyncIterator[Database]:
        database = opened(f"sqlite+aiosqlite:///{tmp_path}/state/einthoven.sqlite")
        yield database
        await database.close()

    async def test_the_file_is_journalled_ahead(self, empty: Database) -> None:
        async with empty.session(read_only=True) as session:
            assert await session.scalar(sa.text("PRAGMA journal_mode")) == "wal"

    async def test_a_writer_that_never_ends_makes_it_unavailable(
        self, empty: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.shared.database.engine.BUSY_SECONDS", 0.2)

        async with empty.session():
            with pytest.raises(Unavailable):
                async with empty.session():
                    pass


@pytest.mark.integration
class TestPostgres(DatabaseContract):
    """One server."""

    @pytest.fixture
    async def empty(self, database_url: str) -> AsyncIterator[Database]:
        database = opened(database_url)
        yield database
        await database.close()

    async def test_text_that_cannot_be_kept_is_the_callers_fault(self, empty: Database) -> None:
        with pytest.raises(InvalidRequest, match="NUL"):
            async with empty.session() as session:
                await session.execute(sa.text("SELECT CAST(:text AS TEXT)"), {"text": "a\0b"})


@pytest.mark.integration
async def test_a_server_that_restarts_is_found_again() -> None:
    with data_folder("postgres") as folder, running(postgres_server(folder)) as server:
        database = opened(f"postgresql://postgres@127.0.0.1:{server.port}/postgres")
        await database.ping()

        async def lose_the_server() -> None:
            async with database.session() as session:
                await asyncio.to_thread(server.stop)
                await session.execute(sa.text("SELECT 1"))

        with pytest.raises(Unavailable):
            await lose_the_server()
        with pytest.raises(Unavailable):
            await database.ping()
        await asyncio.to_thread(server.start)

        await database.ping()
        await database.close()


@contextlib.asynccontextmanager
async def behind_tls(postgres_url: str, certificate: Path, key: Path) -> AsyncIterator[str]:
    """Stand before a server and speak TLS for it, as PostgreSQL does once it is asked to; give the URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    port = sa.make_url(postgres_url).port

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(8)
            writer.write(b"S")
            await writer.start_tls(context)
            inside, outside = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pump(reader, outside), pump(inside, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as server:
        yield f"postgresql://postgres@127.0.0.1:{server.sockets[0].getsockname()[1]}/postgres"


@pytest.mark.integration
async def test_a_private_authority_is_trusted_when_named(postgres_url: str, tmp_path: Path) -> None:
    certificate, key = private_certificate(tmp_path)
    async with behind_tls(postgres_url, certificate, key) as url:
        trusting = open_database(DatabaseSettings.model_validate({"url": url, "ca_file": certificate}))
        unchecked, doubting = opened(f"{url}?sslmode=require"), opened(f"{url}?sslmode=verify-full")

        await trusting.ping()
        await unchecked.ping()
        with pytest.raises(Unavailable):
            await doubting.ping()

        for database in (trusting, unchecked, doubting):
            await database.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = opened(f"postgresql+asyncpg://someone:secret@127.0.0.1:{free_port()}/nothing")

    with pytest.raises(Unavailable) as caught:
        await database.ping()

    assert "secret" not in caught.value.detail
    await database.close()


@pytest.mark.integration
async def test_a_database_that_is_not_there_is_unavailable(postgres_url: str) -> None:
    database = opened(postgres_url.replace("/postgres", "/nothing"))

    with pytest.raises(Unavailable):
        await database.ping()

    await database.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "ecg.csv").write_text("I,II,III\n" * 1000)
    database = opened(f"sqlite:///{tmp_path}/ecg.csv")

    with pytest.raises(Unavailable):
        await database.ping()

    await database.close()


async def test_a_file_locked_by_another_program_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.shared.database.engine.BUSY_SECONDS", 0.2)
    database = opened(f"sqlite:///{tmp_path}/a.sqlite")
    await database.ping()
    other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable):
        async with database.session():
            pass
    await database.ping()

    other.close()
    await database.close()
