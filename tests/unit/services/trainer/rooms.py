"""A trainer's room in a folder: real rows, real objects, and fakes where other services would answer."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from services.shared.database import Database, migrate, open_database
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import NotFound, PlatformError
from services.shared.identity import Caller
from services.shared.model_contract import Manifest
from services.shared.quality import Grade
from services.shared.settings import DatabaseSettings
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage import ObjectStore
from services.shared.storage.filesystem import FolderStore
from services.trainer.bootstrap import MIGRATIONS
from services.trainer.job import Base, Snapshot, SnapshotRecord
from services.trainer.planning import Planner
from services.trainer.ports import BaseModel, Workers
from services.trainer.trainings import ModelName, Training

CALLER = Caller("cardiology", "kim")
RATE_HZ = 50.0
SAMPLES = 500


class Announcements:
    """Remembers what was announced."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.news: list[str] = []

    async def requested(self, training: Training) -> None:
        self.asked.append(training.training_id)

    async def changed(self, tenant: str, training_id: str) -> None:
        self.news.append(f"{tenant}/{training_id}")


class Silence:
    """A doorbell that never rings, and waits for nobody."""

    async def wait(self, seconds: float) -> bool:
        return False

    @asynccontextmanager
    async def listening(self, training_id: str) -> AsyncIterator["Silence"]:
        yield self


class Datasets:
    """Datasets by id."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = {each.dataset_id: each for each in snapshots}

    async def snapshot(self, caller: Caller, dataset_id: str) -> Snapshot:
        if dataset_id not in self._snapshots:
            raise NotFound(f"There is no dataset {dataset_id}.")
        return self._snapshots[dataset_id]


class Models:
    """A model store in memory."""

    def __init__(self) -> None:
        self.there: dict[str, BaseModel] = {}
        self.registered: list[tuple[str, Manifest, tuple[str, ...]]] = []
        self.fault: PlatformError | None = None

    async def get(self, caller: Caller, model: ModelName) -> BaseModel:
        if model.name not in self.there:
            raise NotFound(f"There is no model {model.name}.")
        return self.there[model.name]

    async def register(self, training: Training, manifest_json: str, files: Sequence[str]) -> ModelName:
        if self.fault is not None:
            raise self.fault
        self.registered.append((training.training_id, Manifest.parse(manifest_json), tuple(files)))
        return ModelName(training.spec.model_name, str(len(self.registered)))

    def add(self, name: str, key: str, data: bytes, manifest: Manifest) -> None:
        base = Base(name, "1", key, hashlib.sha256(data).hexdigest(), manifest.output.names)
        self.there[name] = BaseModel(base, manifest)


class Started:
    """A launcher that remembers, and whose workers are what a test says."""

    def __init__(self) -> None:
        self.launched: list[str] = []
        self.there: list[Workers] = []
        self.removed: list[Workers] = []
        self.fault: PlatformError | None = None

    async def launch(self, training: Training) -> None:
        if self.fault is not None:
            raise self.fault
        self.launched.append(training.training_id)

    async def workers(self) -> list[Workers]:
        return self.there

    async def remove(self, workers: Workers) -> None:
        self.removed.append(workers)


async def open_rows(folder: Path) -> Database:
    """Return a migrated database."""
    database = open_database(DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{folder / 'rows.sqlite'}"}))
    await migrate(database, "trainer", MIGRATIONS)
    return database


async def upload(store: ObjectStore, *, records: int = 40, dataset_id: str = "d1", gap_in: int = -1) -> Snapshot:
    """Store ECGs that differ by the sign of lead I; the labels say which is which, and the grade is merely claimed."""
    random = np.random.default_rng(1)
    signals = random.standard_normal((records, 12, SAMPLES)).astype(np.float32)
    signs = np.where(np.arange(records) % 2, 1, -1)
    signals[:, 0] += 2 * signs[:, None]
    if gap_in >= 0:
        signals[gap_in, 3] = np.nan
        signals[gap_in, 3, 0] = 0
    key = f"signals/cardiology/{dataset_id}/s1.npy"
    await SignalStore(store).write_shard(key, list(signals))
    return Snapshot(
        dataset_id=dataset_id,
        version=3,
        records=tuple(
            SnapshotRecord(
                f"r{row}",
                SignalRef(key, row, STANDARD_LEADS, SAMPLES, RATE_HZ),
                ("up" if signs[row] > 0 else "down",),
                grade=Grade.GOOD,
            )
            for row in range(records)
        ),
        codes={"up": {"icd10": "I10"}},
    )


def folder_store(folder: Path) -> FolderStore:
    """Return the store of a room."""
    return FolderStore(folder / "objects")


def planner(store: ObjectStore, snapshots: Sequence[Snapshot], models: Models) -> Planner:
    """Return a planner over fakes."""
    return Planner(store, Datasets(snapshots), models)
