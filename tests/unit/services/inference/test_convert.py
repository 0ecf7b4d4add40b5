from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from einthoven.inference.v1 import inference_pb2 as pb
from services.inference import convert
from services.inference.predictions import InlineEcgs, NamedRecords, Prediction, Score, StoredModel, WholeDataset
from services.shared.ecg import STANDARD_LEADS, Remark
from services.shared.errors import Internal, InvalidRequest, NotFound
from services.shared.model_contract import OutputClass
from services.shared.quality import assess
from services.shared.rpc.convert import signal_to_pb, tensor_to_pb
from services.shared.rpc.quality import quality_to_pb
from tests.unit.services.inference.stored import constant, manifest

MODEL = StoredModel("m", "1", manifest(), "k", "0" * 64, 1)


async def rows(count: int) -> AsyncIterator[Prediction]:
    for index in range(count):
        yield Prediction(f"r{index}", "")


async def test_answers_hold_a_bounded_number_of_rows() -> None:
    answers = [answer async for answer in convert.answers_to_pb(MODEL, rows(600))]

    assert all(len(answer.predictions) <= convert.MAX_ROWS for answer in answers)
    assert [row.record_id for answer in answers for row in answer.predictions] == [f"r{index}" for index in range(600)]


async def test_answers_of_many_classes_hold_fewer_rows() -> None:
    classes = tuple(OutputClass(name=str(index)) for index in range(2_000))
    many = replace(MODEL, manifest=manifest(classes=classes))

    answers = [answer async for answer in convert.answers_to_pb(many, rows(60))]

    assert max(len(answer.predictions) for answer in answers) == convert.MAX_SCORES // 2_000


async def test_nothing_is_still_an_answer_that_names_the_model() -> None:
    (answer,) = [answer async for answer in convert.answers_to_pb(MODEL, rows(0))]

    assert (answer.model.name, answer.model.version, answer.model_sha256, answer.task) == (
        "m",
        "1",
        "0" * 64,
        "regression",
    )


def test_a_row_carries_scores_codes_and_remarks() -> None:
    row = Prediction("r", "f", (Score("A", 0.5, positive=True, codes={"icd10": "I48"}),), (Remark("extended", "x"),))

    message = convert.prediction_to_pb(row)

    assert (message.scores[0].name, message.scores[0].positive, message.scores[0].codes["icd10"]) == ("A", True, "I48")
    assert message.remarks[0].code == "extended"
    assert message.error_code == ""


def test_the_text_of_a_fault_of_ours_stays_inside() -> None:
    inner = convert.prediction_to_pb(Prediction("r", "f", error=Internal("the key of the vault")))
    outer = convert.prediction_to_pb(Prediction("r", "f", error=NotFound("no such object")))

    assert (inner.error_code, inner.error_detail) == ("INTERNAL", convert.INTERNAL_TEXT)
    assert (outer.error_code, outer.error_detail) == ("NOT_FOUND", "no such object")


def test_questions_are_told_apart() -> None:
    signal = signal_to_pb(constant(1), STANDARD_LEADS, 100)
    inline = convert.question_from_pb(pb.PredictRequest(inline=pb.InlineSignals(signals=[signal])))

    assert convert.question_from_pb(pb.PredictRequest(dataset_id="d")) == WholeDataset("d")
    assert convert.question_from_pb(pb.PredictRequest(records=pb.RecordIds(record_ids=["a"]))) == NamedRecords(("a",))
    assert isinstance(inline, InlineEcgs)
    assert inline.ecgs[0].leads == STANDARD_LEADS
    with pytest.raises(InvalidRequest):
        convert.question_from_pb(pb.PredictRequest())


def test_a_tensor_named_twice_is_refused() -> None:
    tensor = pb.NamedTensor(name="x", tensor=tensor_to_pb(np.zeros(1, np.float32)))

    with pytest.raises(InvalidRequest, match="same name"):
        convert.tensors_from_pb([tensor, tensor])


def test_inline_ecgs_may_come_judged_all_or_none() -> None:
    signal = signal_to_pb(constant(1), STANDARD_LEADS, 100)
    judged = assess(constant(1), STANDARD_LEADS, 100)
    inline = pb.InlineSignals(signals=[signal, signal], qualities=[quality_to_pb(judged)])  # type: ignore[list-item]

    with pytest.raises(InvalidRequest, match="1 qualities came with 2 ECGs"):
        convert.question_from_pb(pb.PredictRequest(inline=inline))
    del inline.signals[1:]
    question = convert.question_from_pb(pb.PredictRequest(inline=inline))

    assert isinstance(question, InlineEcgs)
    assert question.ecgs[0].quality == judged
