"""How a deployable sees to its tables: it migrates them when it starts, or waits until a job of their own has."""

from pathlib import Path

from services.shared.database import Database, migrate, migrations_at_head
from services.shared.deployable import Deployable
from services.shared.errors import Unavailable
from services.shared.observability.metrics import DEPENDENCY_UP
from services.shared.settings import DatabaseSettings


def keep_tables(deployable: Deployable, database: Database, migrations: Path, settings: DatabaseSettings) -> None:
    """Have a deployable start, and be ready, with a database that answers and tables at the head of its migrations."""
    name = deployable.name
    deployable.check("database", database.ping)
    if settings.migrate:
        deployable.on_start(lambda: migrate(database, name, migrations))
        return

    async def at_head() -> None:
        there = await migrations_at_head(database, name, migrations)
        DEPENDENCY_UP.labels(name, "migrations").set(there)  # Before the start, nobody else tells it.
        if not there:
            raise Unavailable(f"The tables of {name} are not migrated yet; the command `migrate` of {name} does it.")

    deployable.on_start(at_head)
    deployable.check("migrations", at_head)
