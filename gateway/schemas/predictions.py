"""What models say of ECGs."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from gateway.schemas import RequestSchema, Schema
from gateway.schemas.models import ModelRef
from gateway.schemas.problems import FileProblem
from gateway.schemas.quality import GRADED, EcgQuality, MinQuality
from gateway.schemas.remarks import Remark

MAX_RECORDS = 10_000

_PREDICTION: JsonDict = {
    "record_id": "r-91c0",
    "file_name": "0001.csv",
    "scores": [{"name": "infarction", "value": 0.93, "positive": True, "codes": {"icd10": "I21"}}],
    "remarks": [],
    "error": None,
    "quality": GRADED,
}
_MIN_QUALITY = "The least grade that is predicted; an ECG below it is refused with its reasons, the others are not."


class PredictionRequest(RequestSchema):
    """A model, and either records or a whole dataset."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"model": {"name": "stroke-screen"}, "record_ids": ["r-91c0"]}}
    )

    model: ModelRef
    record_ids: list[str] | None = Field(default=None, min_length=1, max_length=MAX_RECORDS)
    dataset_id: str | None = Field(default=None, min_length=1, max_length=63)
    min_quality: MinQuality = Field(default=MinQuality.POOR, description=_MIN_QUALITY)

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        if (self.record_ids is None) == (self.dataset_id is None):
            raise ValueError("Give either record_ids or dataset_id.")
        return self


class Score(Schema):
    """One class's score."""

    name: str
    value: float | None = Field(description="Probability in [0, 1]; of a regression the value.")
    positive: bool = Field(description="Whether it reaches the class's threshold.")
    codes: dict[str, str]


class Prediction(Schema):
    """What a model says of one ECG."""

    model_config = ConfigDict(json_schema_extra={"example": _PREDICTION})

    record_id: str | None = Field(default=None, description="Null for an inline ECG.")
    file_name: str | None = None
    scores: list[Score]
    remarks: list[Remark]
    error: FileProblem | None = Field(default=None, description="Why this ECG could not be predicted.")
    quality: EcgQuality | None = Field(
        default=None, description="How good the ECG is, told of refused ones too; null where it could not be read."
    )


class PredictionReport(Schema):
    """Predictions, in the order asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": {"name": "stroke-screen", "version": "3"},
                "model_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "task": "multilabel",
                "predictions": [_PREDICTION],
            }
        }
    )

    model: ModelRef
    model_sha256: str
    task: str = Field(description='"multiclass", "multilabel" or "regression".')
    predictions: list[Prediction]
