from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from services.inference.cache import ModelCache
from services.inference.pipeline import Pipeline
from services.inference.predictions import (
    InlineEcg,
    InlineEcgs,
    NamedRecords,
    Prediction,
    Question,
    StoredRecord,
    WholeDataset,
)
from services.inference.runtime.onnx import OnnxLoader
from services.inference.service import Inference
from services.inference.settings import BatchSettings, CacheSettings, RuntimeSettings
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import ErrorCode, InvalidRequest, NotFound
from services.shared.quality import DEFAULT_FLOOR, FLOORS, Floor, Grade, assess
from services.shared.signals import SignalStore
from services.shared.storage.filesystem import FolderStore
from tests.unit.services.inference.fakes import CARDIOLOGY, FakeModels, FakeRecords, ecgs
from tests.unit.services.inference.stored import constant, stored_model, stored_records
from tests.unit.services.shared.quality.hearts import ecg


@pytest.fixture
def records() -> FakeRecords:
    return FakeRecords([])


@pytest.fixture
async def inference(store: FolderStore, executor: ThreadPoolExecutor, records: FakeRecords) -> AsyncIterator[Inference]:
    cache = ModelCache(
        store, OnnxLoader(RuntimeSettings()), executor, cache=CacheSettings(), batch=BatchSettings(preferred_batch=4)
    )
    models = FakeModels({"m": await stored_model(store)})
    with ThreadPoolExecutor(2) as preparing:
        yield Inference(models, records, cache, Pipeline(SignalStore(store), preparing), max_inline_signals=3)


async def predicted(inference: Inference, question: Question, floor: Floor = "any") -> list[Prediction]:
    model = await inference.model(CARDIOLOGY, "m", "")
    async with aclosing(inference.predict(CARDIOLOGY, model, question, floor=floor)) as rows:
        return [row async for row in rows]


def first_values(rows: list[Prediction]) -> list[float]:
    return [row.scores[0].value for row in rows]


def inline(value: float, samples: int = 1000) -> InlineEcg:
    return InlineEcg(constant(value, samples), STANDARD_LEADS, 100)


async def test_a_dataset_is_predicted_in_its_order(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    values = [float(value) for value in np.random.default_rng(0).normal(size=150).astype(np.float32)]
    records.known = await stored_records(store, [constant(value) for value in values])

    rows = await predicted(inference, WholeDataset("d"))

    assert [row.record_id for row in rows] == [f"r{index}" for index in range(150)]
    assert first_values(rows) == pytest.approx(values, abs=1e-4)
    assert rows[3].file_name == "3.csv"


async def test_named_records_are_predicted(inference: Inference, records: FakeRecords, store: FolderStore) -> None:
    records.known = await stored_records(store, [constant(value) for value in (1, 2, 3)])

    rows = await predicted(inference, NamedRecords(("r0", "r2")))

    assert first_values(rows) == [1, 3]


async def test_one_bad_record_is_a_row_and_not_a_failed_call(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    signals = [constant(value) for value in (1, 2, 3)]
    signals[1][4, 7] = np.nan
    good = await stored_records(store, signals)
    absent = replace(good[0], record_id="absent", ref=replace(good[0].ref, shard_key="signals/cardiology/d/absent.npy"))
    endless = replace(good[0], record_id="endless", ref=replace(good[0].ref, samples=1 << 40))
    records.known = [good[0], absent, good[1], endless, good[2]]

    rows = await predicted(inference, WholeDataset("d"))

    assert [row.record_id for row in rows] == ["r0", "absent", "r1", "endless", "r2"]
    codes = [row.error.code if row.error else None for row in rows]
    assert codes == [None, ErrorCode.NOT_FOUND, ErrorCode.INVALID_REQUEST, ErrorCode.TOO_LARGE, None]
    assert first_values([rows[0], rows[4]]) == [1, 3]


async def test_what_the_reader_should_know_travels_with_the_row(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    records.known = await stored_records(store, [constant(1, samples=500)])

    (row,) = await predicted(inference, WholeDataset("d"))

    assert [remark.code for remark in row.remarks] == ["inferred_rate", "extended"]


async def test_an_empty_dataset_gives_no_rows(inference: Inference) -> None:
    assert await predicted(inference, WholeDataset("d")) == []


async def test_inline_ecgs_are_predicted_in_their_order(inference: Inference) -> None:
    bad = InlineEcg(constant(2), STANDARD_LEADS, rate_hz=-1)

    rows = await predicted(inference, InlineEcgs((inline(1), bad, inline(3, samples=2000))))

    assert first_values([rows[0], rows[2]]) == [1, 3]
    assert rows[1].error is not None
    assert "impossible" in rows[1].error.detail
    assert rows[0].record_id == ""


@pytest.mark.parametrize(
    "question", [InlineEcgs(()), InlineEcgs((inline(1),) * 4), NamedRecords(()), NamedRecords(("r",) * 10_001)]
)
async def test_nothing_or_too_much_is_refused(inference: Inference, question: Question) -> None:
    with pytest.raises(InvalidRequest, match="expected 1 to"):
        await predicted(inference, question)


async def test_leaving_early_leaves_the_records_as_well(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    good: list[StoredRecord] = await stored_records(store, [constant(1)])
    records.known = good * 1000
    model = await inference.model(CARDIOLOGY, "m", "")

    async with aclosing(inference.predict(CARDIOLOGY, model, WholeDataset("d"))) as rows:
        await anext(rows)

    assert records.left == 1


async def test_an_unknown_model_is_not_found(inference: Inference) -> None:
    with pytest.raises(NotFound):
        await inference.model(CARDIOLOGY, "x", "")
    with pytest.raises(InvalidRequest, match="names no model"):
        await inference.model(CARDIOLOGY, "", "")


async def test_prepared_tensors_are_run_as_they_are(inference: Inference) -> None:
    model = await inference.model(CARDIOLOGY, "m", "1")

    outputs = await inference.infer(model, {"ecg": ecgs(1, 2, 3, 4, 5, 6)})

    np.testing.assert_allclose(outputs["scores"][:, 1], [2, 4, 6, 8, 10, 12], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("x", (1, 12, 1000)), ("ecg", (12, 1000)), ("ecg", (1, 12, 999)), ("ecg", (0, 12, 1000)), ("ecg", (4097, 12, 1))],
)
async def test_tensors_that_do_not_fit_are_refused(inference: Inference, name: str, shape: tuple[int, ...]) -> None:
    model = await inference.model(CARDIOLOGY, "m", "")

    with pytest.raises(InvalidRequest, match="expected"):
        await inference.infer(model, {name: np.zeros(shape, np.float32)})


async def test_an_unusable_record_is_refused_with_its_reasons_and_costs_no_other(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    flat, other = await stored_records(store, [constant(1), constant(2)])
    good = assess(ecg(), STANDARD_LEADS, 500)
    records.known = [flat, replace(other, quality=good)]

    refused, answered = await predicted(inference, WholeDataset("d"), DEFAULT_FLOOR)

    assert refused.error is not None
    assert refused.error.code is ErrorCode.INVALID_REQUEST
    assert "unusable; asked for was poor or better. All leads: no signal" in refused.error.detail
    assert refused.quality is not None
    assert refused.quality.grade is Grade.UNUSABLE
    assert first_values([answered]) == [2]
    assert answered.quality == good


async def test_the_grade_that_a_record_came_with_is_believed(
    inference: Inference, records: FakeRecords, store: FolderStore
) -> None:
    usable = replace(assess(ecg(), STANDARD_LEADS, 500), grade=Grade.USABLE)
    (record,) = await stored_records(store, [constant(1)])
    records.known = [replace(record, quality=usable)]

    answers = [(await predicted(inference, WholeDataset("d"), floor))[0] for floor in FLOORS]

    assert [answer.error is None for answer in answers] == [True, True, True, False]
    assert all(answer.quality == usable for answer in answers)


async def test_any_predicts_everything_and_still_tells_the_grade(inference: Inference) -> None:
    (row,) = await predicted(inference, InlineEcgs((inline(1),)), "any")

    assert row.error is None
    assert row.quality is not None
    assert row.quality.grade is Grade.UNUSABLE


async def test_inline_ecgs_are_judged_as_they_come(inference: Inference) -> None:
    heart = InlineEcg(ecg(), STANDARD_LEADS, 500)

    rows = await predicted(inference, InlineEcgs((heart, inline(1))), DEFAULT_FLOOR)

    assert [row.error is None for row in rows] == [True, False]
    assert rows[0].quality == assess(ecg(), STANDARD_LEADS, 500)
