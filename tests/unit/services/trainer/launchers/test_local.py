"""A local worker is a process of its own session that does the whole job."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from services.shared.database import Database
from services.shared.errors import Unavailable
from services.shared.settings import StorageSettings
from services.shared.storage.filesystem import FolderStore
from services.trainer.launchers.local import LocalLauncher
from services.trainer.ledger import SqlTrainings
from services.trainer.service import Trainer
from services.trainer.settings import TrainerSettings, WorkerSettings, worker_environment
from services.trainer.trainings import Training, TrainingSpec
from tests.unit.services.trainer.rooms import CALLER, Announcements, Models, Silence, planner, upload


def settings(folder: Path) -> TrainerSettings:
    return TrainerSettings.model_validate(
        {
            "storage": {"kind": "folder", "folder": folder / "objects"},
            "database": {"url": f"sqlite+aiosqlite:///{folder / 'rows.sqlite'}"},
            "identity": {"secret": "s" * 32},
            "telemetry": {"metrics_port": 1, "log_level": "error"},
            "ingest_address": "127.0.0.1:1",
            "exchange_address": "127.0.0.1:1",
            "lease_seconds": 30,
        }
    )


def test_a_worker_gets_what_it_needs_and_no_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(tmp_path)
    given = given.model_copy(
        update={
            "storage": StorageSettings.model_validate(
                {"kind": "s3", "endpoint": "s3:9000", "access_key": "a", "secret_key": "very secret", "secure": False}
            )
        }
    )
    monkeypatch.setenv("EINTHOVEN_TRAINER_SOMETHING", "1")

    environment = worker_environment(given)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    worker = WorkerSettings()

    assert worker.storage == given.storage
    assert worker.database == given.database
    assert worker.lease_seconds == 30
    assert worker.telemetry.metrics_port is None
    assert not any("IDENTITY" in key or key.startswith("EINTHOVEN_TRAINER") for key in environment)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_worker_process_does_the_job_and_is_reaped(
    tmp_path: Path, store: FolderStore, database: Database, workers: int
) -> None:
    trainings = SqlTrainings(database)
    snapshot = await upload(store, records=16)
    trainer = Trainer(trainings, planner(store, [snapshot], Models()), store, Announcements(), Silence())
    spec = TrainingSpec("sign", "d1", architecture="xception_time", rate_hz=50.0, preprocessing="none", max_epochs=1)
    training = await trainer.create(CALLER, replace(spec, batch_size=8, learning_rate=0.001, workers=workers))
    launcher = LocalLauncher(worker_environment(settings(tmp_path)))

    await launcher.launch(training)
    (pid,) = launcher.running
    session = os.getsid(pid)
    async with asyncio.timeout(100):
        await launcher.reap_until_idle()

    ended = await trainings.get(CALLER.tenant, training.training_id)
    assert ended.state == "exported", ended.error_detail
    assert session == pid


async def test_a_worker_that_dies_leaves_its_log(tmp_path: Path, store: FolderStore, database: Database) -> None:
    environment = worker_environment(settings(tmp_path)) | {"EINTHOVEN_WORKER_NONSENSE": "1"}
    launcher = LocalLauncher(environment)
    training = await _asked(store, database)

    await launcher.launch(training)
    (process,) = launcher.running.values()
    async with asyncio.timeout(60):
        await launcher.reap_until_idle()

    assert "EINTHOVEN_WORKER_NONSENSE" in process.log.read_text()
    process.log.unlink()


async def test_a_machine_without_room_for_a_process_is_unavailable(
    store: FolderStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")

    with pytest.raises(Unavailable, match="No worker can be started"):
        await LocalLauncher({}).launch(await _asked(store, database))


async def _asked(store: FolderStore, database: Database) -> Training:
    snapshot = await upload(store, records=8)
    trainer = Trainer(SqlTrainings(database), planner(store, [snapshot], Models()), store, Announcements(), Silence())
    return await trainer.create(CALLER, TrainingSpec("sign", "d1", architecture="xception_time", rate_hz=50.0))
