"""Brings a service's tables to the form that its code expects."""

import asyncio
import contextlib
import functools
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, NullPool, text

from services.shared.database.engine import Database, is_sqlite, make_engine
from services.shared.database.errors import connecting, translated
from services.shared.errors import Conflict
from services.shared.observability.logs import get_logger

if TYPE_CHECKING:
    from alembic.config import Config

_ENVIRONMENT: Final = Path(__file__).parent / "alembic"
_ONE_AT_A_TIME: Final = threading.Lock()
"""Alembic's `op` belongs to the process, and several services may start in one."""
_log = get_logger(__name__)


async def migrate(database: Database, service: str, migrations: Path) -> None:
    """Run every migration in `migrations/versions` that has not run yet: all of them or, where one fails, none.

    Processes that start together take turns. Tables that a newer version left are as they should be: each version works
    on those of the next. Raises Conflict where their history is another than the code's.
    """
    await asyncio.to_thread(_migrate, database, service, migrations)


async def migrations_at_head(database: Database, service: str, migrations: Path) -> bool:
    """Say whether the tables have the form that the code expects, or that of a newer version."""
    line = await asyncio.to_thread(_line_served, migrations)
    async with database.session(read_only=True) as session:
        connection = await session.connection()
        return _is_at_head(await connection.run_sync(_heads_in, service), line)


def _migrate(database: Database, service: str, migrations: Path) -> None:
    # Alembic blocks, so it has a thread and, for the drivers are asynchronous, an event loop of its own.
    with _ONE_AT_A_TIME:
        asyncio.run(_upgrade(database, service, migrations))


async def _upgrade(database: Database, service: str, migrations: Path) -> None:
    engine = make_engine(database.url, database.tls, poolclass=NullPool)
    try:
        with connecting():
            connection = await engine.connect()
        async with contextlib.aclosing(connection):
            with connecting():
                await connection.begin()
            with translated():
                if not is_sqlite(database.url):  # There, writing transactions take turns anyway.
                    key = zlib.crc32(f"einthoven migrations of {service}".encode())
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
                await connection.run_sync(_run, service, migrations)
                await connection.commit()
    finally:
        await engine.dispose()


def _run(connection: Connection, service: str, migrations: Path) -> None:
    from alembic import command  # noqa: PLC0415 slow to import, and wanted once
    from alembic.util import CommandError  # noqa: PLC0415

    found, line = _heads_in(connection, service), _line_of(migrations)
    if _is_at_head(found, line):
        _log.info("tables_at_head", service=service, found=sorted(found), expected=line[-1], newer=found != {line[-1]})
        return
    config = _config_of(migrations)
    config.attributes.update(connection=connection, version_table=_version_table(service))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Conflict(f"The tables of {service} cannot be migrated by this version: {error}.") from error
    _log.info("tables_migrated", service=service, found=sorted(found), now=line[-1])


def _heads_in(connection: Connection, service: str) -> set[str]:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 slow to import

    context = MigrationContext.configure(connection, opts={"version_table": _version_table(service)})
    return set(context.get_current_heads())


def _is_at_head(found: set[str], line: list[str]) -> bool:
    """Say whether tables are where a line of revisions ends, or beyond: revisions are numbered."""
    return bool(found) and all(head == line[-1] or (head not in line and head > line[-1]) for head in found)


@functools.cache
def _line_served(migrations: Path) -> list[str]:
    """Return the revisions of a process that serves: they are asked for every few seconds and never change."""
    return _line_of(migrations)


def _line_of(migrations: Path) -> list[str]:
    """Return the code's revisions, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 slow to import

    return [script.revision for script in ScriptDirectory.from_config(_config_of(migrations)).walk_revisions()][::-1]


def _config_of(migrations: Path) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 slow to import

    config = Config()
    for name, path in (("script_location", _ENVIRONMENT), ("version_locations", migrations / "versions")):
        config.set_main_option(name, str(path).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _version_table(service: str) -> str:
    return f"alembic_version_{service}"
