"""Plans: what the new model will be fed, and what is refused before a worker is bothered."""

from dataclasses import replace

import pytest

from services.shared.errors import InvalidModel, InvalidRequest
from services.shared.model_contract import InputContract, Manifest, OutputClass, OutputContract, Step
from services.shared.storage.filesystem import FolderStore
from services.trainer.job import Snapshot
from services.trainer.trainings import ModelName, TrainingSpec
from tests.unit.services.trainer.rooms import CALLER, Models, planner, upload

FROM_MODEL = TrainingSpec("sign", "d1", base_model=ModelName("b"))
MANIFEST = Manifest(
    input=InputContract(tensor="arg0", rate_hz=200.0, samples=2000, unit="uV", preprocessing=(Step(name="z_score"),)),
    output=OutputContract(tensor="y", task="multiclass", classes=(OutputClass(name="x"), OutputClass(name="y"))),
)


@pytest.fixture
def models() -> Models:
    made = Models()
    made.add("b", "models/cardiology/b/1/model.onnx", b"onnx", MANIFEST)
    return made


async def test_a_base_model_hands_its_contract_on(store: FolderStore, models: Models) -> None:
    plan = await planner(store, [await upload(store, records=8)], models).plan(CALLER, "t1", FROM_MODEL)

    contract = plan.job.contract
    assert (contract.tensor, contract.rate_hz, contract.samples, contract.unit) == ("ecg", 200.0, 2000, "uV")
    assert [step.name for step in contract.preprocessing] == ["z_score"]
    assert plan.job.spec.base_model == ModelName("b", "1")
    assert plan.job.base is not None
    assert plan.job.base.classes == ("x", "y")


async def test_a_preprocessing_asked_for_overrules_the_bases(store: FolderStore, models: Models) -> None:
    spec = replace(FROM_MODEL, preprocessing="none")

    plan = await planner(store, [await upload(store, records=8)], models).plan(CALLER, "t1", spec)

    assert plan.job.contract.preprocessing == ()


async def test_a_rate_that_the_base_does_not_take_is_refused(store: FolderStore, models: Models) -> None:
    spec = replace(FROM_MODEL, rate_hz=100.0)

    with pytest.raises(InvalidModel, match="at 200 Hz, not 100 Hz"):
        await planner(store, [await upload(store, records=8)], models).plan(CALLER, "t1", spec)


async def test_an_architecture_takes_ten_seconds_at_the_rate_asked_for(store: FolderStore, models: Models) -> None:
    spec = TrainingSpec("sign", "d1", architecture="inception_time", rate_hz=250.0)

    plan = await planner(store, [await upload(store, records=8)], models).plan(CALLER, "t1", spec)

    assert (plan.job.contract.samples, plan.job.contract.duration_s) == (2500, 10.0)
    assert [step.name for step in plan.job.contract.preprocessing] == ["clip_quantiles", "subtract_moving_median"]


async def test_one_class_only_is_refused(store: FolderStore, models: Models) -> None:
    whole = await upload(store, records=8)
    ups = replace(whole, records=tuple(each for each in whole.records if each.labels == ("up",)))

    with pytest.raises(InvalidRequest, match="same label, 'up'"):
        await planner(store, [ups], models).plan(CALLER, "t1", FROM_MODEL)


async def test_a_validation_dataset_must_have_labels_that_are_known(store: FolderStore, models: Models) -> None:
    whole = await upload(store, records=8)
    spec = replace(FROM_MODEL, validation_dataset_id="d2")
    strange = replace(whole.records[0], labels=("sideways",))

    for records, told in (((), "no labelled ECGs"), ((strange,), "training dataset has not: sideways")):
        other = Snapshot("d2", 1, records)
        with pytest.raises(InvalidRequest, match=told):
            await planner(store, [whole, other], models).plan(CALLER, "t1", spec)
