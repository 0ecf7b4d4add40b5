"""Inference on the wire, with the real model store and records served by a stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from einthoven.common.v1 import common_pb2
from einthoven.inference.v1 import inference_pb2, inference_pb2_grpc
from einthoven.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from services.inference import bootstrap as inference
from services.inference.settings import InferenceSettings
from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.errors import InvalidRequest, NotFound
from services.shared.identity import Tokens, current_caller
from services.shared.quality import Grade, assess
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_to_pb, signal_to_pb, tensor_from_pb, tensor_to_pb
from services.shared.rpc.quality import quality_to_pb
from services.shared.rpc.server import RpcServer
from services.shared.settings import RpcSettings
from services.shared.signals import SignalRef, SignalStore
from tests.contract.models_on_the_wire import (
    CARDIOLOGY,
    IDENTITY,
    SURGERY,
    ModelStoreClient,
    client_of,
    model_store,
    parts,
    sha256,
    started,
)
from tests.unit.services.exchange import onnx_models
from tests.unit.services.shared.quality.hearts import ecg

DOCUMENT = onnx_models.document(metadata=[("target_keys", "['SR', 'AFIB', 'PACE']")], final="Sigmoid")
MODEL = common_pb2.ModelRef(name="m")


class StandInIngest(ingest_pb2_grpc.IngestServiceServicer):
    """Serves the records of one dataset of one department."""

    def __init__(self, records: list[SignalRef]) -> None:
        self._records = records
        judged = replace(assess(ecg(), STANDARD_LEADS, 500), grade=Grade.POOR, suspected_reversal="RA/LA")
        self.qualities = {"r1": judged}

    async def ResolveRecords(
        self, request: ingest_pb2.ResolveRecordsRequest, context: Any
    ) -> AsyncIterator[ingest_pb2.ResolveRecordsResponse]:
        if current_caller().tenant != CARDIOLOGY.tenant or request.dataset_id not in ("", "d"):
            raise NotFound("There is no such dataset.")
        wanted = set(request.record_ids)
        for index, ref in enumerate(self._records):
            record_id = f"r{index}"
            if not wanted or record_id in wanted:
                record = ingest_pb2.Record(
                    record_id=record_id,
                    file_name=f"{index}.csv",
                    signal=ref_to_pb(ref),
                    quality=quality_to_pb(self.qualities.get(record_id)),  # None came before it was judged.
                )
                yield ingest_pb2.ResolveRecordsResponse(records=[record])


@dataclass
class Wire:
    """Inference and the model store, running."""

    exchange: ModelStoreClient
    client: RpcClient
    stub: Any

    async def predict(self, caller: Any = CARDIOLOGY, **question: Any) -> list[Any]:
        request = inference_pb2.PredictRequest(model=MODEL, **{"min_quality": "any", **question})
        return [each async for each in self.client.server_stream(self.stub.Predict, request, caller=caller)]


def constant(value: float, samples: int = 1000) -> Signal:
    return np.full((12, samples), value, np.float32)


@asynccontextmanager
async def ingest(records: list[SignalRef]) -> AsyncIterator[str]:
    server = RpcServer(RpcSettings(drain_seconds=1), Tokens(IDENTITY, issuer="tests"))
    name = "einthoven.ingest.v1.IngestService"
    servicer = StandInIngest(records)  # type: ignore[abstract]  # abstract in its type stub only
    server.add(ingest_pb2_grpc.add_IngestServiceServicer_to_server, servicer, name)
    await server.start()
    await server.set_ready(ready=True)
    yield server.address
    await server.stop()


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with model_store(tmp_path) as exchange:
        await exchange.import_model("m", DOCUMENT)
        key = "signals/cardiology/d/s.npy"
        await SignalStore(exchange.store).write_shard(key, [constant(value) for value in (0, 1, np.nan, -1)])
        records = [SignalRef(key, index, STANDARD_LEADS, 1000, 100) for index in range(4)]
        async with ingest(records) as ingest_address:
            peers = {"ingest_address": ingest_address, "exchange_address": exchange.address}
            settings = InferenceSettings.model_validate(parts(tmp_path) | peers)
            async with started(await inference.build(settings, store=exchange.store)) as running:
                client = client_of(running, inference.SERVICE)
                yield Wire(exchange, client, inference_pb2_grpc.InferenceServiceStub(client.channel))
                await client.close()


def sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


async def test_a_dataset_is_predicted_with_a_row_for_every_record(wire: Wire) -> None:
    answers = await wire.predict(dataset_id="d")

    rows = [row for answer in answers for row in answer.predictions]
    assert [row.record_id for row in rows] == ["r0", "r1", "r2", "r3"]
    assert [row.error_code for row in rows] == ["", "", "INVALID_REQUEST", ""]
    assert "not recorded" in rows[2].error_detail or "nothing recorded" in rows[2].error_detail
    assert [score.name for score in rows[1].scores] == ["SR", "AFIB", "PACE"]


async def test_every_answer_names_the_model_that_spoke(wire: Wire) -> None:
    (answer,) = await wire.predict(records=inference_pb2.RecordIds(record_ids=["r1"]))

    assert (answer.model.name, answer.model.version, answer.task) == ("m", "1", "multilabel")
    assert answer.model_sha256 == sha256(DOCUMENT)


async def test_inline_signals_are_predicted_at_their_own_rate(wire: Wire) -> None:
    signals = [signal_to_pb(constant(value, samples), STANDARD_LEADS, 500) for value, samples in ((1, 5000), (2, 2500))]

    (answer,) = await wire.predict(inline=inference_pb2.InlineSignals(signals=signals))

    first, second = answer.predictions
    # The nominal preprocessing takes the baseline away, and a constant is nothing but baseline.
    assert [score.value for score in first.scores] == pytest.approx([0.5, 0.5, 0.5], abs=1e-4)
    assert [score.positive for score in first.scores] == [score.value >= 0.5 for score in first.scores]
    assert [remark.code for remark in second.remarks] == ["extended"]


async def test_prepared_tensors_are_run_as_they_are(wire: Wire) -> None:
    tensor = np.stack([constant(1), constant(-1)])
    inputs = [inference_pb2.NamedTensor(name="ecg", tensor=tensor_to_pb(tensor))]
    request = inference_pb2.InferRequest(model=MODEL, inputs=inputs)

    response = await wire.client.unary(wire.stub.Infer, request, caller=CARDIOLOGY)

    assert [output.name for output in response.outputs] == ["scores"]
    found = tensor_from_pb(response.outputs[0].tensor)
    expected = [[sigmoid(1), sigmoid(2), sigmoid(3)], [sigmoid(-1), sigmoid(-2), sigmoid(-3)]]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


async def test_a_model_says_what_it_takes_and_runs_on(wire: Wire) -> None:
    request = inference_pb2.DescribeModelRequest(model=MODEL)

    described = await wire.client.unary(wire.stub.DescribeModel, request, caller=CARDIOLOGY)

    assert [(each.name, each.datatype, list(each.shape)) for each in described.inputs] == [
        ("ecg", "FP32", [-1, 12, 1000])
    ]
    assert [(each.name, list(each.shape)) for each in described.outputs] == [("scores", [-1, 3])]
    assert list(described.providers) == ["CPUExecutionProvider"]


async def test_another_departments_models_and_records_are_not_there(wire: Wire) -> None:
    with pytest.raises(NotFound, match="no model"):
        await wire.predict(SURGERY, dataset_id="d")
    await wire.exchange.publish("m")

    with pytest.raises(NotFound, match="no such dataset"):
        await wire.predict(SURGERY, dataset_id="d")


async def test_the_newest_version_speaks_where_none_is_named(wire: Wire) -> None:
    question = {"records": inference_pb2.RecordIds(record_ids=["r1"])}
    (before,) = await wire.predict(**question)
    await wire.exchange.import_model("m", onnx_models.document())

    (after,) = await wire.predict(**question)

    assert (before.model.version, after.model.version) == ("1", "2")


async def test_a_call_that_asks_for_nothing_is_refused(wire: Wire) -> None:
    with pytest.raises(InvalidRequest, match="neither records nor a dataset"):
        await wire.predict()
    signal = common_pb2.Signal(data=b"123", leads=STANDARD_LEADS, samples=7, rate_hz=100)
    with pytest.raises(InvalidRequest, match="is not 12 leads x 7 samples"):
        await wire.predict(inline=inference_pb2.InlineSignals(signals=[signal]))


async def test_what_is_unusable_is_refused_by_default_and_the_rest_is_told_how_good_it_is(wire: Wire) -> None:
    answers = await wire.predict(dataset_id="d", min_quality="")

    rows = [row for answer in answers for row in answer.predictions]
    assert [row.error_code for row in rows] == ["INVALID_REQUEST", "", "INVALID_REQUEST", "INVALID_REQUEST"]
    assert [row.quality.grade for row in rows] == ["unusable", "poor", "unusable", "unusable"]
    assert "All leads: no signal" in rows[0].error_detail
    assert [reason.code for reason in rows[0].quality.reasons] == ["flat", "lost_leads"]
    assert rows[1].quality.suspected_reversal == "RA/LA"
    assert not rows[1].quality.leads


async def test_a_better_grade_may_be_asked_for_and_must_be_one(wire: Wire) -> None:
    question = {"records": inference_pb2.RecordIds(record_ids=["r1"])}

    (answer,) = await wire.predict(**question, min_quality="usable")

    assert "The quality of the ECG is poor; asked for was usable or better." in answer.predictions[0].error_detail
    with pytest.raises(InvalidRequest, match="no min_quality 'best'"):
        await wire.predict(**question, min_quality="best")
