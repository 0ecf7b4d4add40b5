"""What makes no sense is refused before anything is looked up."""

from dataclasses import replace

import pytest

from services.shared.errors import InvalidRequest
from services.trainer.checking import check
from services.trainer.trainings import ModelName, TrainingSpec

GOOD = TrainingSpec("my-model", "d1", architecture="inception_time")


def test_the_defaults_are_the_platforms() -> None:
    spec = GOOD.with_defaults()

    check(spec)

    assert (spec.mode, spec.preprocessing, spec.optimizer) == ("scratch", "exchangeai", "adamw")
    assert (spec.max_epochs, spec.patience, spec.batch_size, spec.rate_hz) == (50, 10, 32, 100.0)
    assert (spec.validation_fraction, spec.test_fraction, spec.seed) == (0.2, 0.0, 0)


def test_a_base_model_keeps_its_own_rate_and_preprocessing() -> None:
    spec = TrainingSpec("m", "d", base_model=ModelName("b")).with_defaults()

    check(spec)

    assert (spec.mode, spec.preprocessing, spec.rate_hz) == ("all_layers", "", 0.0)


def test_a_validation_dataset_takes_the_place_of_the_split() -> None:
    spec = replace(GOOD, validation_dataset_id="d2").with_defaults()

    check(spec)

    assert spec.validation_fraction == 0.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_name": "My Model"}, "cannot be a model's name"),
        ({"dataset_id": ""}, "needs a dataset"),
        ({"architecture": "resnet_9000"}, "Choose one of: inception_time"),
        ({"architecture": ""}, "either an architecture or a model"),
        ({"base_model": ModelName("b")}, "either an architecture or a model"),
        ({"mode": "head_only"}, "random weights"),
        ({"optimizer": "lion"}, "no optimizer 'lion'"),
        ({"preprocessing": "magic"}, "no preprocessing 'magic'"),
        ({"task": "regression"}, "no task 'regression'"),
        ({"validation_fraction": 0.9}, "validation_fraction is 0.9"),
        ({"validation_fraction": float("nan")}, "validation_fraction is nan"),
        ({"test_fraction": -0.1}, "test_fraction is -0.1"),
        ({"max_epochs": 501}, "max_epochs is 501"),
        ({"batch_size": 1}, "batch_size is 1"),
        ({"learning_rate": 11.0}, "learning_rate is 11"),
        ({"seed": 2**40}, "seed is"),
        ({"rate_hz": 1e6}, "rate_hz is 1e"),
        ({"validation_dataset_id": "d2", "validation_fraction": 0.2}, "not both"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused_with_the_reason(change: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        check(replace(GOOD, **change).with_defaults())  # type: ignore[arg-type]
