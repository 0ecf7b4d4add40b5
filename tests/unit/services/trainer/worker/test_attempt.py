"""A worker makes a model of what was planned, and says how it ended, whatever happens."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto

from services.shared.database import Database
from services.shared.errors import Conflict, InvalidModel, Unavailable
from services.shared.model_contract import Manifest
from services.shared.storage.filesystem import FolderStore
from services.trainer import job
from services.trainer.dispatching import Dispatcher
from services.trainer.ledger import SqlTrainings
from services.trainer.service import Trainer
from services.trainer.trainings import ModelName, Training, TrainingSpec
from tests.unit.services.trainer.rooms import (
    CALLER,
    SAMPLES,
    Announcements,
    Models,
    Silence,
    Started,
    planner,
    upload,
)
from tests.unit.services.trainer.worker_attempts import attempt

SPEC = TrainingSpec(
    "sign", "d1", architecture="xception_time", rate_hz=50.0, preprocessing="none", max_epochs=2, batch_size=8,
    learning_rate=0.003,
)  # fmt: skip


def dispatcher(store: FolderStore, database: Database, models: Models) -> Dispatcher:
    return Dispatcher(
        SqlTrainings(database),
        Started(),
        models,
        store,
        Announcements(),
        launch_seconds=60,
        workers_at_once=1,
        max_attempts=3,
    )


class Bench:
    """A trainer with a dataset, and a store of models."""

    def __init__(self, store: FolderStore, database: Database) -> None:
        self.store = store
        self.database = database
        self.models = Models()
        self.trainings = SqlTrainings(database)

    async def ask(self, spec: TrainingSpec = SPEC, *, records: int = 24, gap_in: int = -1) -> Training:
        snapshot = await upload(self.store, records=records, gap_in=gap_in)
        asking = planner(self.store, [snapshot], self.models)
        return await Trainer(self.trainings, asking, self.store, Announcements(), Silence()).create(CALLER, spec)

    async def work(self, training: Training) -> Training:
        await attempt(self.store, self.database, training.training_id).run()
        return await self.trainings.get(CALLER.tenant, training.training_id)

    async def register(self) -> None:
        await dispatcher(self.store, self.database, self.models).register_exported()


@pytest.fixture
def bench(store: FolderStore, database: Database) -> Bench:
    return Bench(store, database)


async def test_a_planned_training_becomes_a_registered_model_with_its_report(bench: Bench) -> None:
    training = await bench.ask(gap_in=5)

    exported = await bench.work(training)
    await bench.register()

    assert exported.state == "exported", exported.error_detail
    assert exported.epochs_done == 2
    done = await bench.trainings.get(CALLER.tenant, training.training_id)
    assert (done.state, done.model) == ("succeeded", ModelName("sign", "1"))
    ((origin, manifest, files),) = bench.models.registered
    assert origin == training.training_id
    assert files == ("model.onnx", "report.json", "report.html")
    assert manifest.output.names == ("down", "up")
    assert manifest.output.classes[1].codes == {"icd10": "I10"}
    assert manifest.lineage.base_model == "xception_time"
    report = json.loads(await bench.store.get(training.key("report.json")))
    assert sum(report["samples"].values()) == 23
    assert list(report["excluded"].values()) == [1]
    assert len(report["epochs"]) == 2
    assert "r5" not in json.dumps(report)
    page = (await bench.store.get(training.key("report.html"))).decode()
    assert page.count("<svg") == 3
    assert "<script" not in page


async def test_the_exported_model_answers_on_stored_ecgs_as_the_contract_says(bench: Bench) -> None:
    training = await bench.ask()
    await bench.work(training)

    data = await bench.store.get(training.key("model.onnx"))
    manifest = Manifest.parse(await bench.store.get(training.key("manifest.json")))
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {manifest.input.tensor: np.zeros((3, 12, SAMPLES), np.float32)})

    assert logits.shape == (3, 2)
    metadata = {each.key: each.value for each in ModelProto.FromString(data).metadata_props}
    assert json.loads(metadata["target_keys"]) == ["down", "up"]
    assert (metadata["scale"], metadata["sampling_rate"], metadata["standardizer"]) == ("milliVolt", "50", "None")


async def test_prepared_ecgs_are_kept_and_used_again(bench: Bench) -> None:
    first = await bench.work(await bench.ask())
    kept = [each.key async for each in bench.store.list("derived/cardiology/d1/")]
    again = await bench.work(await bench.ask())

    assert first.state == again.state == "exported"
    assert sorted(key.rpartition(".")[2] for key in kept) == ["json", "npy"]
    assert [each.key async for each in bench.store.list("derived/cardiology/d1/")] == kept
    reports = [await bench.store.get(each.key("model.onnx")) for each in (first, again)]
    assert hashlib.sha256(reports[0]).digest() == hashlib.sha256(reports[1]).digest()


@pytest.mark.parametrize("mode", ["all_layers", "head_only", "scratch"])
async def test_a_model_of_the_store_is_trained_further(bench: Bench, mode: str) -> None:
    first = await bench.work(await bench.ask())
    data = await bench.store.get(first.key("model.onnx"))
    bench.models.add(
        "sign", first.key("model.onnx"), data, Manifest.parse(await bench.store.get(first.key("manifest.json")))
    )
    spec = replace(SPEC, architecture="", rate_hz=0.0, base_model=ModelName("sign"), mode=mode)  # type: ignore[arg-type]

    second = await bench.work(await bench.ask(spec))

    assert second.state == "exported", second.error_detail
    before, after = (
        {each.name: each.raw_data for each in ModelProto.FromString(model).graph.initializer}
        for model in (data, await bench.store.get(second.key("model.onnx")))
    )
    changed = {name for name in before if before[name] != after[name]}
    assert changed == ({"head.weight", "head.bias"} if mode == "head_only" else before.keys())


async def test_a_base_whose_file_was_tampered_with_is_refused(bench: Bench) -> None:
    first = await bench.work(await bench.ask())
    manifest = Manifest.parse(await bench.store.get(first.key("manifest.json")))
    bench.models.add("sign", first.key("model.onnx"), b"something else", manifest)
    spec = replace(SPEC, architecture="", rate_hz=0.0, base_model=ModelName("sign"))

    refused = await bench.work(await bench.ask(spec))

    assert refused.state == "failed"
    assert "not the one that the store registered" in refused.error_detail


async def test_cancelling_ends_a_running_training(bench: Bench) -> None:
    training = await bench.ask(replace(SPEC, max_epochs=500, patience=500))

    class CancelAfterFirstEpoch(Announcements):
        async def changed(self, tenant: str, training_id: str) -> None:
            found = await bench.trainings.get(tenant, training_id)
            if found.epochs_done and not found.cancel_requested and not found.ended:
                await bench.trainings.request_cancel(tenant, training_id)

    await attempt(bench.store, bench.database, training.training_id, announcer=CancelAfterFirstEpoch()).run()

    ended = await bench.trainings.get(CALLER.tenant, training.training_id)
    assert ended.state == "cancelled"
    assert 1 <= ended.epochs_done < 500
    assert [each.key async for each in bench.store.list(training.key("checkpoints"))] == []


async def test_a_training_goes_on_from_its_checkpoint_as_if_nothing_had_happened(bench: Bench) -> None:
    unbroken = await bench.work(await bench.ask(replace(SPEC, max_epochs=3)))
    broken = await bench.ask(replace(SPEC, max_epochs=3))
    for name in ("last", "best"):
        await bench.store.put(
            broken.key(f"checkpoints/{name}.safetensors"),
            await bench.store.get(unbroken.key(f"checkpoints/{name}.safetensors")),
        )

    resumed = await bench.work(broken)

    models = [await bench.store.get(each.key("model.onnx")) for each in (unbroken, resumed)]
    assert models[0] == models[1]
    assert resumed.epochs_done == 0


async def test_a_store_that_does_not_answer_lets_another_worker_go_on_later(bench: Bench) -> None:
    training = await bench.ask()

    class Down(FolderStore):
        async def get(self, key: str) -> bytes:
            raise Unavailable(f"The object store does not answer for {key}.")

    down = Down(bench.store._root)
    await attempt(down, bench.database, training.training_id).run()
    await down.close()

    assert (await bench.trainings.get(CALLER.tenant, training.training_id)).state == "queued"


async def test_a_second_worker_finds_nothing_to_do(bench: Bench) -> None:
    training = await bench.ask()
    await bench.work(training)

    with pytest.raises(Conflict, match="does not wait"):
        await attempt(bench.store, bench.database, training.training_id, "w2").run()


async def test_a_plan_of_another_version_is_refused(bench: Bench) -> None:
    training = await bench.ask()
    await bench.store.put(training.key(job.SPEC_FILE), b'{"something": "else"}')

    ended = await bench.work(training)

    assert ended.state == "failed"
    assert "ask for it again" in ended.error_detail


async def test_a_store_of_models_that_is_down_is_asked_again_and_one_that_refuses_is_believed(bench: Bench) -> None:
    training = await bench.ask()
    await bench.work(training)

    bench.models.fault = Unavailable("The model store does not answer.")
    await bench.register()
    later = await bench.trainings.get(CALLER.tenant, training.training_id)
    bench.models.fault = InvalidModel("Not a model at all.")
    await bench.register()
    refused = await bench.trainings.get(CALLER.tenant, training.training_id)

    assert later.state == "exported"
    assert (refused.state, refused.error_detail) == ("failed", "Not a model at all.")


async def test_a_worker_that_is_asked_to_leave_lets_another_go_on(bench: Bench) -> None:
    training = await bench.ask(replace(SPEC, max_epochs=500, patience=500))
    leaving = attempt(bench.store, bench.database, training.training_id)
    leaving.leave()

    await leaving.run()

    found = await bench.trainings.get(CALLER.tenant, training.training_id)
    assert found.state == "queued"
    assert await bench.trainings.claim_launch(seconds=60, at_once=1) is not None


async def test_checkpoints_are_gone_once_the_model_is_in_the_store(bench: Bench) -> None:
    training = await bench.ask()
    await bench.work(training)
    before = [each.key async for each in bench.store.list(training.key("checkpoints/"))]

    await bench.register()

    assert len(before) == 2
    assert [each.key async for each in bench.store.list(training.key("checkpoints/"))] == []


async def test_a_validation_dataset_is_validated_on(bench: Bench) -> None:
    learnt, held_out = await upload(bench.store), await upload(bench.store, records=10, dataset_id="d2", gap_in=1)
    held_out = replace(held_out, unlabelled=4)
    asking = planner(bench.store, [learnt, held_out], bench.models)
    trainer = Trainer(bench.trainings, asking, bench.store, Announcements(), Silence())
    training = await trainer.create(CALLER, replace(SPEC, validation_dataset_id="d2"))

    ended = await bench.work(training)

    assert ended.state == "exported", ended.error_detail
    report = json.loads(await bench.store.get(training.key("report.json")))
    assert report["samples"] == {"training": 40, "validation": 9, "test": 0}
    assert report["excluded"]["The ECG has no label."] == 4
