"""The use cases of inference: predict ECGs, run a model on prepared tensors, describe a model."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.inference.cache import ModelCache, ReadyModel
from services.inference.pipeline import Pipeline, Way
from services.inference.ports import Models, Records
from services.inference.predictions import (
    InlineEcg,
    InlineEcgs,
    Prediction,
    Question,
    StoredModel,
    WholeDataset,
)
from services.inference.runtime.base import Batch, Outputs, TensorFacts
from services.shared.errors import InvalidRequest
from services.shared.identity import Caller
from services.shared.quality import DEFAULT_FLOOR, Floor

MAX_RECORDS: Final = 10_000
MAX_TENSOR_ROWS: Final = 4_096


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """A model that was found and made ready."""

    stored: StoredModel
    ready: ReadyModel


class Inference:
    """Runs models of the store for a caller."""

    def __init__(
        self, models: Models, records: Records, cache: ModelCache, pipeline: Pipeline, *, max_inline_signals: int
    ) -> None:
        self._models = models
        self._records = records
        self._cache = cache
        self._pipeline = pipeline
        self._max_inline_signals = max_inline_signals

    async def model(self, caller: Caller, name: str, version: str) -> ModelInUse:
        """Find a model and make it ready; raises NotFound, InvalidModel or TooLarge."""
        if not name:
            raise InvalidRequest("The call names no model.")
        stored = await self._models.find(caller, name, version)
        return ModelInUse(stored, await self._cache.get(stored))

    def predict(
        self, caller: Caller, model: ModelInUse, question: Question, *, floor: Floor = DEFAULT_FLOOR
    ) -> AsyncGenerator[Prediction, None]:
        """Predict what was asked for, in that order, each ECG that reaches the floor of quality.

        Raises InvalidRequest where nothing or too much was asked for.
        """
        way = Way(model.stored.manifest, model.ready, floor)
        if isinstance(question, InlineEcgs):
            _check_count(len(question.ecgs), "ECGs came with the call", self._max_inline_signals)
            return self._pipeline.inline(way, _each(question.ecgs))
        if isinstance(question, WholeDataset):
            records = self._records.of_dataset(caller, question.dataset_id)
        else:
            _check_count(len(question.record_ids), "records were named", MAX_RECORDS)
            records = self._records.named(caller, question.record_ids)
        return self._pipeline.records(way, records)

    async def infer(self, model: ModelInUse, tensors: Mapping[str, Batch]) -> Outputs:
        """Run a model on tensors that are already prepared; raises InvalidRequest where they do not fit."""
        wanted = model.ready.runtime.inputs[0]
        batch = tensors.get(wanted.name)
        if batch is None or len(tensors) != 1:
            raise InvalidRequest(f"The inputs are {', '.join(tensors) or 'none'}; expected {wanted.name!r} alone.")
        _check_fits(wanted, batch)
        return await model.ready.batcher.submit(np.ascontiguousarray(batch))


async def _each(ecgs: Sequence[InlineEcg]) -> AsyncGenerator[InlineEcg, None]:
    for ecg in ecgs:
        yield ecg


def _check_fits(wanted: TensorFacts, batch: Batch) -> None:
    fits = batch.ndim == len(wanted.shape) and all(
        free in (-1, given) for free, given in zip(wanted.shape[1:], batch.shape[1:], strict=True)
    )
    if not fits or not 1 <= len(batch) <= MAX_TENSOR_ROWS:
        raise InvalidRequest(
            f"The input {wanted.name!r} has shape {list(batch.shape)}; expected {list(wanted.shape)}, "
            f"-1 being free, with 1 to {MAX_TENSOR_ROWS} rows."
        )
    if not np.isfinite(batch).all():
        raise InvalidRequest(
            f"The input {wanted.name!r} holds values that are NaN or infinite; fill gaps, or leave such ECGs out."
        )


def _check_count(count: int, what: str, most: int) -> None:
    if not 1 <= count <= most:
        raise InvalidRequest(f"{count} {what}; expected 1 to {most}.")
