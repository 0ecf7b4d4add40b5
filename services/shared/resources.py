"""What a service that owns rows stands on: an object store, a bus and a database."""

from dataclasses import dataclass
from pathlib import Path

from services.shared.database import Database, open_database
from services.shared.deployable import Deployable
from services.shared.messaging import Bus
from services.shared.messaging.opening import open_bus
from services.shared.settings import ServiceSettings
from services.shared.storage import ObjectStore
from services.shared.storage.opening import open_store
from services.shared.tables import keep_tables


@dataclass(frozen=True, slots=True)
class Given:
    """What a composition root was handed; the rest it opens itself."""

    store: ObjectStore | None = None
    bus: Bus | None = None
    database: Database | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What a service works with."""

    store: ObjectStore
    bus: Bus
    database: Database


def open_resources(deployable: Deployable, settings: ServiceSettings, migrations: Path, given: Given) -> Resources:
    """Return what was given, and open the rest, which ends with the deployable; its readiness stands on all of it."""
    store, bus, database = given.store, given.bus, given.database
    if store is None:
        store = open_store(settings.storage)
        deployable.on_close(store.close)
    if bus is None:
        bus = open_bus(settings.bus)
        deployable.on_close(bus.close)
    if database is None:
        database = open_database(settings.database)
        deployable.on_close(database.close)
    deployable.check("store", store.ping)
    deployable.check("bus", bus.ping)
    keep_tables(deployable, database, migrations, settings.database)
    return Resources(store, bus, database)
