"""The engine and its transactions."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.shared.database.errors import connecting, translated
from services.shared.errors import Unavailable

BUSY_SECONDS: Final = 15
_CONNECT_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 60
_RECYCLE_SECONDS: Final = 1800
Tls = ssl.SSLContext | str
"""How a server is spoken to: what checks its certificate, or a mode of PostgreSQL's that checks none."""


class Database:
    """One database, from which sessions are taken."""

    def __init__(self, url: URL, *, pool_size: int, tls: Tls = "prefer") -> None:
        self.url = url
        self.tls = tls
        self.engine = make_engine(url, tls, pool_size=pool_size, max_overflow=0, pool_timeout=BUSY_SECONDS)
        self._reading = self.engine.execution_options(read_only=True, postgresql_readonly=True)
        # SQLite lets one transaction write. Whoever waits here is served in turn, and holds no connection meanwhile.
        self._writing = asyncio.Semaphore(1 if is_sqlite(url) else pool_size)

    @contextlib.asynccontextmanager
    async def session(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a transaction that is committed at the end of the context, or rolled back where it raises.

        Raises Unavailable where the database does not answer and StorageFull where it takes no more. IntegrityError and
        the errors of wrong statements are left as they are. A read-only session refuses to write.
        """
        async with contextlib.AsyncExitStack() as stack:
            if not read_only:
                await self._wait_to_write(stack)
            session = await stack.enter_async_context(
                AsyncSession(self._reading if read_only else self.engine, expire_on_commit=False)
            )
            with connecting():
                await session.connection()
            with translated():
                yield session
                await session.commit()

    async def ping(self) -> None:
        """Return if the database answers; raise Unavailable if not."""
        async with self.session(read_only=True) as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def _wait_to_write(self, stack: contextlib.AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await stack.enter_async_context(self._writing)
        except TimeoutError:
            raise Unavailable("The database has too much to write; try again later.") from None


def is_sqlite(url: URL) -> bool:
    """Say whether the database is an SQLite file."""
    return url.get_backend_name() == "sqlite"


def make_engine(url: URL, tls: Tls, **pool: Any) -> AsyncEngine:
    """Return an engine whose errors carry no values, for these may be of patients."""
    if is_sqlite(url):
        engine = create_async_engine(url, hide_parameters=True, **pool)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    given = {"timeout": _CONNECT_SECONDS, "command_timeout": _STATEMENT_SECONDS, "ssl": tls}
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_SECONDS,
        connect_args=given,
        **pool,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and too late: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the right to write at once: a reader that becomes a writer later is refused without waiting."""
    read_only = bool(connection.get_execution_options().get("read_only"))
    if connection.info.get("read_only", False) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
        connection.info["read_only"] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
