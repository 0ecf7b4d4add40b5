"""Trainings, their events and architectures."""

from typing import Any, Final

from einthoven.trainer.v1 import trainer_pb2 as pb
from gateway.convert.models import named, ref_of
from gateway.convert.paging import next_cursor, page_request
from gateway.schemas.models import ReportFormat
from gateway.schemas.trainings import (
    Architecture,
    ArchitectureList,
    FilledSpec,
    Training,
    TrainingMode,
    TrainingPage,
    TrainingSpec,
    TrainingState,
)
from gateway.sse import Event
from services.shared.rpc.convert import moment

_MODE: Final = {
    TrainingMode.SCRATCH: pb.TRAINING_MODE_SCRATCH,
    TrainingMode.ALL_LAYERS: pb.TRAINING_MODE_ALL_LAYERS,
    TrainingMode.HEAD_ONLY: pb.TRAINING_MODE_HEAD_ONLY,
}
_MODE_BACK: Final = {number: mode for mode, number in _MODE.items()}
_STATE: Final = {
    pb.TRAINING_STATE_QUEUED: TrainingState.QUEUED,
    pb.TRAINING_STATE_RUNNING: TrainingState.RUNNING,
    pb.TRAINING_STATE_EXPORTED: TrainingState.EXPORTED,
    pb.TRAINING_STATE_SUCCEEDED: TrainingState.SUCCEEDED,
    pb.TRAINING_STATE_FAILED: TrainingState.FAILED,
    pb.TRAINING_STATE_CANCELLED: TrainingState.CANCELLED,
}
_PLAIN: Final = (
    "model_name",
    "dataset_id",
    "validation_dataset_id",
    "architecture",
    "task",
    "preprocessing",
    "validation_fraction",
    "test_fraction",
    "max_epochs",
    "patience",
    "batch_size",
    "optimizer",
    "learning_rate",
    "seed",
    "rate_hz",
    "workers",
    "gpus_per_worker",
    "min_quality",
)
"""Fields that are called the same and mean the same on both sides."""
_EMPTY_IS_NONE: Final = (
    "validation_dataset_id",
    "architecture",
    "task",
    "preprocessing",
    "optimizer",
    "learning_rate",
    "min_quality",
)


def architectures_request() -> pb.ListArchitecturesRequest:
    """Ask for the architectures."""
    return pb.ListArchitecturesRequest()


def create(body: TrainingSpec) -> pb.CreateTrainingRequest:
    """Ask for a training; what the caller left out stays unset."""
    given: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(body, name)) is not None}
    if body.base_model is not None:
        given["base_model"] = ref_of(body.base_model)
    if body.mode is not None:
        given["mode"] = _MODE[body.mode]
    return pb.CreateTrainingRequest(spec=pb.TrainingSpec(**given))


def get(training_id: str) -> pb.GetTrainingRequest:
    """Ask for one training."""
    return pb.GetTrainingRequest(training_id=training_id)


def listing(limit: int, cursor: str) -> pb.ListTrainingsRequest:
    """Ask for a page of trainings."""
    return pb.ListTrainingsRequest(page=page_request(limit, cursor))


def cancel(training_id: str) -> pb.CancelTrainingRequest:
    """Ask to cancel a training."""
    return pb.CancelTrainingRequest(training_id=training_id)


def watch(training_id: str, after_sequence: int) -> pb.WatchTrainingRequest:
    """Ask for a training's events after a number."""
    return pb.WatchTrainingRequest(training_id=training_id, after_sequence=after_sequence)


def get_report(training_id: str, kind: ReportFormat) -> pb.GetReportRequest:
    """Ask for a training's report."""
    return pb.GetReportRequest(training_id=training_id, format=kind.value)


def architectures(message: pb.ListArchitecturesResponse) -> ArchitectureList:
    """Return the architectures."""
    return ArchitectureList(
        items=[
            Architecture(name=item.name, summary=item.summary, parameters=item.parameters)
            for item in message.architectures
        ]
    )


def training(message: pb.Training) -> Training:
    """Return one training."""
    return Training(
        training_id=message.training_id,
        spec=_spec(message.spec),
        state=_STATE[message.state],
        epochs_done=message.epochs_done,
        model=named(message.model) if message.HasField("model") else None,
        error=message.error_detail or None,
        attempts=message.attempts,
        waiting_for=message.waiting_for or None,
        created_at=moment(message.created_at),
        updated_at=moment(message.updated_at),
    )


def page(message: pb.ListTrainingsResponse) -> TrainingPage:
    """Return a page of trainings."""
    return TrainingPage(items=[training(item) for item in message.trainings], next_cursor=next_cursor(message.page))


def event(message: pb.WatchTrainingResponse) -> Event:
    """Return one event of a training."""
    return Event(id=str(message.sequence), kind=message.kind, data=message.payload_json)


def _spec(message: pb.TrainingSpec) -> FilledSpec:
    plain: dict[str, Any] = {name: getattr(message, name) for name in _PLAIN}
    return FilledSpec(
        **{name: value or None if name in _EMPTY_IS_NONE else value for name, value in plain.items()},
        base_model=named(message.base_model) if message.HasField("base_model") else None,
        mode=_MODE_BACK.get(message.mode),
    )
