"""The store's rooms put together on a folder and an SQLite file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from services.exchange.bootstrap import MIGRATIONS
from services.exchange.catalog import SqlCatalog
from services.exchange.intake import Intake
from services.exchange.models import ModelVersion
from services.exchange.service import Exchange
from services.exchange.shelf import Shelf
from services.shared.database import Database, migrate, open_database
from services.shared.identity import Caller
from services.shared.settings import DatabaseSettings
from services.shared.storage.filesystem import FolderStore

CARDIOLOGY = Caller("cardiology", "ada")
SURGERY = Caller("surgery", "bob")
MAX_MODEL_BYTES = 1 << 20


@dataclass
class ToldModels:
    """An announcer that remembers."""

    models: list[ModelVersion] = field(default_factory=list)

    async def model_registered(self, model: ModelVersion) -> None:
        self.models.append(model)


@dataclass
class House:
    """A model store without a wire."""

    store: FolderStore
    database: Database
    catalog: SqlCatalog
    shelf: Shelf
    intake: Intake
    exchange: Exchange
    told: ToldModels

    async def keys(self) -> list[str]:
        """Return every object in the store."""
        return [info.key async for info in self.store.list("")]


async def opened(folder: Path) -> House:
    """Return a store on an empty folder."""
    store = FolderStore(folder / "objects")
    database = open_database(DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{folder}/exchange.sqlite"}))
    await migrate(database, "exchange", MIGRATIONS)
    catalog, told = SqlCatalog(database), ToldModels()
    shelf = Shelf(store, catalog, max_model_bytes=MAX_MODEL_BYTES, max_report_bytes=4 << 10)
    intake = Intake(store, catalog, shelf, told, max_model_bytes=MAX_MODEL_BYTES, inspections_at_once=1)
    return House(store, database, catalog, shelf, intake, Exchange(store, catalog, told), told)


async def streamed(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """Yield bytes in pieces."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
