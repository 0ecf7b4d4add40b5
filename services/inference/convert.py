"""Protobuf of einthoven.inference to inference's own types and back; pure."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.inference.v1 import inference_pb2 as pb
from services.inference.predictions import (
    InlineEcg,
    InlineEcgs,
    NamedRecords,
    Prediction,
    Question,
    Score,
    StoredModel,
    WholeDataset,
)
from services.inference.runtime.base import Batch, Outputs, TensorFacts
from services.inference.service import ModelInUse
from services.shared.errors import ErrorCode, InvalidRequest
from services.shared.quality import Floor, Quality
from services.shared.quality.gate import floor_named
from services.shared.rpc.convert import remarks_to_pb, signal_from_pb, tensor_from_pb, tensor_to_pb
from services.shared.rpc.quality import quality_from_pb, quality_without_leads_to_pb

MAX_ROWS: Final = 256
MAX_SCORES: Final = 50_000
"""Scores in one message, so that models of many classes stay below the message limit."""
FLUSH_SECONDS: Final = 0.2
INTERNAL_TEXT: Final = "This ECG could not be predicted through a fault of the platform."


def question_from_pb(request: pb.PredictRequest) -> Question:
    """Return what a call asks to predict; raises InvalidRequest where it says nothing or contradicts itself."""
    match request.WhichOneof("input"):
        case "records":
            return NamedRecords(tuple(request.records.record_ids))
        case "dataset_id":
            return WholeDataset(request.dataset_id)
        case "inline":
            return _inline_from_pb(request.inline)
        case _:
            raise InvalidRequest("The call names neither records nor a dataset, and brings no ECG along.")


def _inline_from_pb(message: pb.InlineSignals) -> InlineEcgs:
    if len(message.qualities) not in {0, len(message.signals)}:
        raise InvalidRequest(
            f"{len(message.qualities)} qualities came with {len(message.signals)} ECGs; name all or none."
        )
    judged: list[Quality | None] = [quality_from_pb(each) for each in message.qualities]
    pairs = zip(message.signals, judged or [None] * len(message.signals), strict=True)
    return InlineEcgs(tuple(InlineEcg(*signal_from_pb(signal), quality) for signal, quality in pairs))


def floor_from_pb(request: pb.PredictRequest) -> Floor:
    """Return the least grade that a call asks for; raises InvalidRequest where there is none of that name."""
    return floor_named(request.min_quality)


def tensors_from_pb(messages: Sequence[pb.NamedTensor]) -> dict[str, Batch]:
    """Return tensors by name; raises InvalidRequest where a name comes twice."""
    tensors = {each.name: tensor_from_pb(each.tensor) for each in messages}
    if len(tensors) != len(messages):
        raise InvalidRequest("Two inputs have the same name.")
    return tensors


async def answers_to_pb(model: StoredModel, rows: AsyncIterator[Prediction]) -> AsyncIterator[pb.PredictResponse]:
    """Yield predictions in messages, soon after they are there; at least one message, for it names the model."""
    most = max(1, min(MAX_ROWS, MAX_SCORES // len(model.manifest.output.classes)))
    gathered: list[pb.Prediction] = []
    sent = time.monotonic()
    said = False
    async for row in rows:
        gathered.append(prediction_to_pb(row))
        if len(gathered) >= most or time.monotonic() - sent > FLUSH_SECONDS:
            yield _response(model, gathered)
            gathered, sent, said = [], time.monotonic(), True
    if gathered or not said:
        yield _response(model, gathered)


def prediction_to_pb(row: Prediction) -> pb.Prediction:
    """Return what a model says of one ECG; the text of a fault of ours stays inside."""
    message = pb.Prediction(
        record_id=row.record_id,
        file_name=row.file_name,
        remarks=remarks_to_pb(row.remarks),
        quality=quality_without_leads_to_pb(row.quality),
    )
    message.scores.extend(_score_to_pb(score) for score in row.scores)
    if row.error is not None:
        message.error_code = row.error.code.value
        message.error_detail = INTERNAL_TEXT if row.error.code is ErrorCode.INTERNAL else row.error.detail
    return message


def infer_to_pb(model: StoredModel, outputs: Outputs) -> pb.InferResponse:
    """Return raw outputs."""
    named = [pb.NamedTensor(name=name, tensor=tensor_to_pb(values)) for name, values in outputs.items()]
    return pb.InferResponse(model=_ref(model), outputs=named)


def description_to_pb(model: ModelInUse) -> pb.DescribeModelResponse:
    """Return what a model takes and gives."""
    runtime = model.ready.runtime
    return pb.DescribeModelResponse(
        model=_ref(model.stored),
        inputs=_specs(runtime.inputs),
        outputs=_specs(runtime.outputs),
        providers=runtime.providers,
    )


def _response(model: StoredModel, rows: Iterable[pb.Prediction]) -> pb.PredictResponse:
    task = model.manifest.output.task
    return pb.PredictResponse(model=_ref(model), model_sha256=model.sha256, task=task, predictions=rows)


def _ref(model: StoredModel) -> common_pb2.ModelRef:
    return common_pb2.ModelRef(name=model.name, version=model.version)


def _score_to_pb(score: Score) -> pb.Score:
    return pb.Score(name=score.name, value=score.value, positive=score.positive, codes=score.codes)


def _specs(tensors: Iterable[TensorFacts]) -> list[pb.TensorSpec]:
    return [pb.TensorSpec(name=each.name, datatype=each.datatype, shape=each.shape) for each in tensors]
