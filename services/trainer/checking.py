"""Whether what is asked for makes sense, before anything is looked up."""

import re
from typing import Final

from services.shared.errors import InvalidRequest
from services.shared.model_contract import NAME_PATTERN, PRESETS
from services.trainer import architectures
from services.trainer.learning.recipe import OPTIMIZERS
from services.trainer.trainings import TrainingSpec

MAX_EPOCHS: Final = 500
MAX_BATCH: Final = 4096
MAX_RATE_HZ: Final = 1000.0
MIN_RATE_HZ: Final = 50.0
MAX_WORKERS: Final = 16
MAX_GPUS_PER_WORKER: Final = 8
MAX_SEED: Final = 2**32 - 1
_NAME: Final = re.compile(NAME_PATTERN)


def check(spec: TrainingSpec) -> None:
    """Raise InvalidRequest where a spec, defaults filled in, contradicts itself or the platform."""
    if not _NAME.fullmatch(spec.model_name):
        raise InvalidRequest(
            f"{spec.model_name[:80]!r} cannot be a model's name: expected 1 to 63 lower-case letters, digits, "
            "'.', '_' or '-', beginning with a letter or digit."
        )
    if not spec.dataset_id:
        raise InvalidRequest("A training needs a dataset: name its dataset_id.")
    _check_base(spec)
    _check_choices(spec)
    _check_ranges(spec)


def _check_base(spec: TrainingSpec) -> None:
    if bool(spec.architecture) == (spec.base_model is not None):
        raise InvalidRequest("A training starts from either an architecture or a model of the store: name one of them.")
    if spec.architecture:
        architectures.check_name(spec.architecture)
        if spec.mode == "head_only":
            raise InvalidRequest(
                "An architecture has random weights, so training its head only would learn nothing. "
                "Start from a model of the store, or train from scratch."
            )


def _check_choices(spec: TrainingSpec) -> None:
    for what, value, choices in (
        ("optimizer", spec.optimizer, OPTIMIZERS),
        ("preprocessing", spec.preprocessing or "none", tuple(PRESETS)),
        ("task", spec.task or "multiclass", ("multiclass", "multilabel")),
    ):
        if value not in choices:
            raise InvalidRequest(f"There is no {what} {value[:40]!r}. Choose one of: {', '.join(choices)}.")
    if spec.validation_dataset_id and spec.validation_fraction:
        raise InvalidRequest("Name a validation dataset or a validation fraction, not both.")


def _check_ranges(spec: TrainingSpec) -> None:
    least_fraction = 0.0 if spec.validation_dataset_id else 0.01
    for what, value, least, most in (
        ("validation_fraction", spec.validation_fraction, least_fraction, 0.5),
        ("test_fraction", spec.test_fraction, 0.0, 0.5),
        ("validation_fraction and test_fraction together", spec.validation_fraction + spec.test_fraction, 0.0, 0.8),
        ("max_epochs", spec.max_epochs, 1, MAX_EPOCHS),
        ("patience", spec.patience, 1, MAX_EPOCHS),
        ("batch_size", spec.batch_size, 2, MAX_BATCH),
        ("learning_rate", spec.learning_rate, 0.0, 10.0),
        ("seed", spec.seed, 0, MAX_SEED),
        ("workers", spec.workers, 1, MAX_WORKERS),
        ("gpus_per_worker", spec.gpus_per_worker, 0, MAX_GPUS_PER_WORKER),
        ("rate_hz", spec.rate_hz or MIN_RATE_HZ, MIN_RATE_HZ, MAX_RATE_HZ),
    ):
        if not least <= value <= most:
            raise InvalidRequest(f"{what} is {value:g}; it must lie in {least:g} to {most:g}.")
