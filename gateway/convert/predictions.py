"""Predictions."""

from collections.abc import Iterable

from einthoven.inference.v1 import inference_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2
from gateway.convert import quality
from gateway.convert.models import named, ref, ref_of
from gateway.convert.remarks import remarks
from gateway.convert.uploads import file_problem
from gateway.schemas.predictions import Prediction, PredictionReport, PredictionRequest, Score
from gateway.schemas.uploads import InlinePrediction


def predict(body: PredictionRequest) -> pb.PredictRequest:
    """Ask for predictions of stored records or of a dataset."""
    request = pb.PredictRequest(model=ref_of(body.model), min_quality=body.min_quality.value)
    if body.record_ids is not None:
        request.records.record_ids.extend(body.record_ids)
    else:
        request.dataset_id = body.dataset_id or ""
    return request


def predict_inline(fields: InlinePrediction, decoded: ingest_pb2.DecodeFileResponse) -> pb.PredictRequest:
    """Ask for the prediction of one decoded file."""
    judged = [decoded.quality] if decoded.HasField("quality") else []
    inline = pb.InlineSignals(signals=[decoded.signal], qualities=judged)
    return pb.PredictRequest(model=ref(fields.model, fields.version), inline=inline, min_quality=fields.min_quality)


def batch(message: pb.PredictResponse) -> list[Prediction]:
    """Return the predictions of one message."""
    return [_prediction(item) for item in message.predictions]


def headers(message: pb.PredictResponse) -> dict[str, str]:
    """Return, as response headers, which model spoke."""
    return {
        "Einthoven-Model": f"{message.model.name}/{message.model.version}",
        "Einthoven-Model-Sha256": message.model_sha256,
        "Einthoven-Task": message.task,
    }


def report(messages: Iterable[pb.PredictResponse]) -> PredictionReport:
    """Return every prediction of a call; raises ValueError where there was no message at all."""
    head, *rest = messages
    return PredictionReport(
        model=named(head.model),
        model_sha256=head.model_sha256,
        task=head.task,
        predictions=[prediction for message in (head, *rest) for prediction in batch(message)],
    )


def inline_report(
    file_name: str, decoded: ingest_pb2.DecodeFileResponse, messages: Iterable[pb.PredictResponse]
) -> PredictionReport:
    """Return the prediction of one inline file, with what was decided while reading it."""
    whole = report(messages)
    read = remarks(decoded.remarks)
    told = [
        prediction.model_copy(
            update={
                "file_name": file_name,
                "remarks": [*read, *(remark for remark in prediction.remarks if remark not in read)],
            }
        )
        for prediction in whole.predictions
    ]
    return whole.model_copy(update={"predictions": told})


def _prediction(message: pb.Prediction) -> Prediction:
    return Prediction(
        record_id=message.record_id or None,
        file_name=message.file_name or None,
        scores=[
            Score(name=score.name, value=score.value, positive=score.positive, codes=dict(score.codes))
            for score in message.scores
        ],
        remarks=remarks(message.remarks),
        error=file_problem(message.error_code, message.error_detail),
        quality=quality.whole(message.quality) if message.HasField("quality") else None,
    )
