"""What a training learns from: what is not good enough is left out, and counted."""

import json
from dataclasses import replace
from pathlib import Path

from services.shared.database import Database
from services.shared.quality import Grade
from services.shared.storage.filesystem import FolderStore
from services.trainer.job import Snapshot
from services.trainer.ledger import SqlTrainings
from services.trainer.service import Trainer
from services.trainer.trainings import Training, TrainingSpec
from tests.unit.services.trainer.rooms import CALLER, Announcements, Models, Silence, open_rows, planner, upload
from tests.unit.services.trainer.worker_attempts import attempt

SPEC = TrainingSpec(
    "sign", "d1", architecture="xception_time", rate_hz=50.0, preprocessing="none", max_epochs=1, batch_size=8,
    learning_rate=0.003,
)  # fmt: skip


async def trained(store: FolderStore, database: Database, snapshot: Snapshot) -> Training:
    trainings = SqlTrainings(database)
    trainer = Trainer(trainings, planner(store, [snapshot], Models()), store, Announcements(), Silence())
    training = await trainer.create(CALLER, SPEC)
    await attempt(store, database, training.training_id).run()
    return await trainings.get(CALLER.tenant, training.training_id)


async def test_what_is_not_good_enough_is_counted_in_report_and_events(store: FolderStore, database: Database) -> None:
    whole = await upload(store)
    graded = [replace(each, grade=Grade.UNUSABLE) for each in whole.records[:4]]
    unjudged = [replace(each, grade=None) for each in whole.records[4:6]]  # White noise, which is unusable too.
    mixed = replace(whole, records=(*graded, *unjudged, *whole.records[6:]))

    ended = await trained(store, database, mixed)

    assert ended.state == "exported", ended.error_detail
    report = json.loads(await store.get(ended.key("report.json")))
    assert sum(report["samples"].values()) == 34
    assert report["quality"] == {"min_quality": "poor", "left_out": {"unusable": 6}}
    assert report["excluded"] == {"The quality is unusable; asked for was poor or better.": 6}
    events = await SqlTrainings(database).events(ended.training_id, after=0, limit=100)
    told = [each.payload for each in events if "below_min_quality" in each.payload]
    assert [each["below_min_quality"] for each in told] == [{"unusable": 6}]


async def test_a_worker_that_finds_nothing_good_enough_says_so(store: FolderStore, database: Database) -> None:
    whole = await upload(store)
    unjudged = replace(whole, records=tuple(replace(each, grade=None) for each in whole.records))

    ended = await trained(store, database, unjudged)

    assert ended.state == "failed"
    assert "No labelled ECG of the dataset 'd1' reaches the quality asked for" in ended.error_detail


async def test_the_order_in_which_ecgs_came_changes_nothing(store: FolderStore, tmp_path: Path) -> None:
    whole = await upload(store)
    named = tuple(replace(each, content=f"{row * 7 % 40:02}") for row, each in enumerate(whole.records))

    learnt = []
    for time, records in enumerate((named, named[::-1])):
        database = await open_rows(_folder(tmp_path, time))
        ended = await trained(store, database, replace(whole, records=records, version=time + 1))
        assert ended.state == "exported", ended.error_detail
        epochs = [each.payload for each in await SqlTrainings(database).events(ended.training_id, after=0, limit=100)]
        learnt.append([told["training_loss"] for told in epochs if "training_loss" in told])
        await database.close()

    assert learnt[0]
    assert learnt[0] == learnt[1]


def _folder(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder
