"""`python -m <deployable> migrate`: brings one deployable's tables up to date, and ends.

It reads the database's address from that deployable's own environment and nothing else of it. A database that does not
answer yet is waited for: on a cluster both may have been started at once.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from services.shared.database import migrate, open_database
from services.shared.errors import InvalidRequest, PlatformError, Unavailable
from services.shared.observability import logs
from services.shared.settings import DatabaseSettings, load_migration

COMMAND: Final = "migrate"
WAIT_SECONDS: Final = 120.0
"""How long a database may take to answer."""
RETRY_SECONDS: Final = 1.0
USAGE_EXIT_CODE: Final = 2

_log = logs.get_logger(__name__)


def is_asked_for() -> bool:
    """Say whether the command line of this process asks to migrate, and not to serve."""
    return sys.argv[1:] == [COMMAND]


def run(deployable: str, migrations: Path) -> int:
    """Migrate the tables of a deployable; return the exit status of the process."""
    try:
        settings = load_migration(deployable)
    except InvalidRequest as error:
        sys.stderr.write(error.detail + "\n")
        return USAGE_EXIT_CODE
    logs.configure(settings.telemetry, deployable=deployable)
    try:
        asyncio.run(migrate_when_there(settings.database, deployable, migrations))
    except PlatformError as error:
        _log.error("not_migrated", code=error.code.value, detail=error.detail)
        return 1
    return 0


async def migrate_when_there(
    settings: DatabaseSettings, service: str, migrations: Path, *, wait_seconds: float = WAIT_SECONDS
) -> None:
    """Migrate as soon as the database answers; raises Unavailable where it has not by then."""
    database, deadline = open_database(settings), time.monotonic() + wait_seconds
    try:
        while True:
            try:
                return await migrate(database, service, migrations)
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise
                _log.info("waiting_for_the_database", detail=error.detail)
            await asyncio.sleep(RETRY_SECONDS)
    finally:
        await database.close()
