"""Short write transactions of several statements, in one go.

An asynchronous SQLite driver crosses threads several times for each statement, which for the write path costs more than
the statements do. So there, the transaction runs as a whole in a thread, on a connection of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from services.shared.database import Database
from services.shared.database.engine import BUSY_SECONDS, is_sqlite
from services.shared.database.errors import translated

Result = TypeVar("Result")
Transaction = Callable[[Connection], Result]

_PRAGMAS: Final = (f"busy_timeout = {BUSY_SECONDS * 1000}", "journal_mode = WAL", "synchronous = FULL")


class Writing(Protocol):
    """Runs write transactions."""

    async def run(self, transaction: Transaction[Result]) -> Result:
        """Commit what the transaction does, or nothing where it raises; raises Unavailable or StorageFull."""
        ...

    async def close(self) -> None:
        """Give connections and threads back."""
        ...


class ThreadWriting:
    """Write transactions on an SQLite file, one at a time in one thread."""

    def __init__(self, database: Database) -> None:
        self._engine = _engine_of(database)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-rows")

    async def run(self, transaction: Transaction[Result]) -> Result:
        """Commit what the transaction does, or nothing where it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, transaction)

    async def close(self) -> None:
        """End the thread and its connection."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _run(self, transaction: Transaction[Result]) -> Result:
        with translated(), self._engine.begin() as connection:
            return transaction(connection)


class SessionWriting:
    """Write transactions on a server, over the database's own connections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, transaction: Transaction[Result]) -> Result:
        """Commit what the transaction does, or nothing where it raises."""
        async with self._database.session() as session:
            return await (await session.connection()).run_sync(transaction)

    async def close(self) -> None:
        """The connections are the database's."""


def open_writing(database: Database) -> Writing:
    """Return what suits the database."""
    return ThreadWriting(database) if is_sqlite(database.url) else SessionWriting(database)


def _engine_of(database: Database) -> Engine:
    engine = create_engine(database.url.set(drivername="sqlite"), hide_parameters=True, pool_size=1, max_overflow=0)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions by itself, and too late
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
