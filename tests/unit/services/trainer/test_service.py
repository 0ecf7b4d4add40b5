"""Asking for trainings, following them, reading their reports."""

import json

import pytest

from services.shared.database import Database
from services.shared.errors import Conflict, InvalidRequest, NotFound
from services.shared.identity import Caller
from services.shared.storage.filesystem import FolderStore
from services.trainer import architectures, job
from services.trainer.job import Job, Snapshot
from services.trainer.ledger import SqlTrainings
from services.trainer.service import Trainer
from services.trainer.trainings import ModelName, TrainingSpec
from services.trainer.worker.lease import Lease
from tests.unit.services.trainer.rooms import CALLER, Announcements, Models, Silence, planner, upload

SPEC = TrainingSpec("sign", "d1", architecture="xception_time", rate_hz=50.0)


async def room(
    store: FolderStore, database: Database, *, records: int = 12, announcements: Announcements | None = None
) -> Trainer:
    snapshot = await upload(store, records=records)
    told = announcements or Announcements()
    return Trainer(SqlTrainings(database), planner(store, [snapshot], Models()), store, told, Silence())


async def test_a_training_is_planned_written_down_and_announced(store: FolderStore, database: Database) -> None:
    told = Announcements()
    trainer = await room(store, database, announcements=told)

    training = await trainer.create(CALLER, SPEC)

    assert training.state == "queued"
    assert told.asked == [training.training_id]
    planned = job.read(Job, await store.get(training.key(job.SPEC_FILE)))
    assert (planned.task, planned.classes, planned.contract.samples) == ("multiclass", ("down", "up"), 500)
    assert len(job.read(Snapshot, await store.get(training.key(job.SNAPSHOT_FILE))).records) == 12


@pytest.mark.parametrize("records", [1, 2, 3])
async def test_too_few_ecgs_are_refused_and_nothing_is_left(
    store: FolderStore, database: Database, records: int
) -> None:
    trainer = await room(store, database, records=records)

    with pytest.raises(InvalidRequest, match="too few"):
        await trainer.create(CALLER, SPEC)

    assert not (await trainer.list(CALLER, limit=0, cursor="")).trainings
    assert [each async for each in store.list("trainings/")] == []


async def test_a_dataset_or_model_that_is_not_there_is_told(store: FolderStore, database: Database) -> None:
    trainer = await room(store, database)

    with pytest.raises(NotFound, match="no dataset d9"):
        await trainer.create(CALLER, TrainingSpec("sign", "d9", architecture="xception_time"))
    with pytest.raises(NotFound, match="no model b"):
        await trainer.create(CALLER, TrainingSpec("sign", "d1", base_model=ModelName("b")))


async def test_another_department_sees_nothing(store: FolderStore, database: Database) -> None:
    trainer = await room(store, database)
    training = await trainer.create(CALLER, SPEC)
    stranger = Caller("radiology", "kim")

    for call in (trainer.get, trainer.cancel):
        with pytest.raises(NotFound):
            await call(stranger, training.training_id)
    with pytest.raises(NotFound):
        await anext(trainer.watch(stranger, training.training_id, 0))
    assert not (await trainer.list(stranger, limit=0, cursor="")).trainings


async def test_the_list_is_paged(store: FolderStore, database: Database) -> None:
    trainer = await room(store, database)
    made = [(await trainer.create(CALLER, SPEC)).training_id for _ in range(3)]

    first = await trainer.list(CALLER, limit=2, cursor="")
    second = await trainer.list(CALLER, limit=2, cursor=first.next_cursor)

    assert [each.training_id for each in (*first.trainings, *second.trainings)] == made[::-1]
    assert second.next_cursor == ""
    with pytest.raises(InvalidRequest, match="cursor"):
        await trainer.list(CALLER, limit=2, cursor="'; drop")


async def test_watching_ends_with_the_training_and_goes_on_after_a_number(
    store: FolderStore, database: Database
) -> None:
    trainer = await room(store, database)
    training_id = (await trainer.create(CALLER, SPEC)).training_id
    worker = Lease(database, training_id, "w", seconds=60)
    await worker.claim()
    await worker.tell("epoch", {"epoch": 1}, epochs_done=1)

    watching = trainer.watch(CALLER, training_id, 0)
    before = [await anext(watching) for _ in range(3)]
    await worker.end("failed", "no reason")
    after = [event async for event in watching]
    again = [event async for event in trainer.watch(CALLER, training_id, before[-1].sequence)]

    assert [each.kind for each in before] == ["state", "state", "epoch"]
    assert [json.loads(each.payload_json()) for each in after] == [{"state": "failed", "reason": "no reason"}]
    assert again == after


async def test_a_report_exists_only_once_the_training_has_succeeded(store: FolderStore, database: Database) -> None:
    trainer = await room(store, database)
    training = await trainer.create(CALLER, SPEC)

    with pytest.raises(Conflict, match="is queued"):
        await trainer.report(CALLER, training.training_id, "json")
    with pytest.raises(InvalidRequest, match="json or html"):
        await trainer.report(CALLER, training.training_id, "pdf")


async def test_the_architectures_are_listed(store: FolderStore, database: Database) -> None:
    trainer = await room(store, database)

    assert [each.name for each in await trainer.architectures()] == list(architectures.NAMES)
