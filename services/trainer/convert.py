"""Protobuf of einthoven.trainer to the trainer's own types and back; pure."""

from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.trainer.v1 import trainer_pb2 as pb
from services.shared.errors import InvalidRequest
from services.shared.quality.gate import floor_named
from services.shared.rpc.convert import timestamp
from services.trainer.architectures import Architecture
from services.trainer.learning.recipe import Mode
from services.trainer.service import PageOfTrainings, Report
from services.trainer.trainings import Event, ModelName, State, Training, TrainingSpec

_MODES: "Final[dict[pb.TrainingMode.ValueType, Mode]]" = {
    pb.TRAINING_MODE_SCRATCH: "scratch",
    pb.TRAINING_MODE_ALL_LAYERS: "all_layers",
    pb.TRAINING_MODE_HEAD_ONLY: "head_only",
}
_MODES_TO_PB: Final = {mode: value for value, mode in _MODES.items()}
_STATES: "Final[dict[State, pb.TrainingState.ValueType]]" = {
    "queued": pb.TRAINING_STATE_QUEUED,
    "running": pb.TRAINING_STATE_RUNNING,
    "exported": pb.TRAINING_STATE_EXPORTED,
    "succeeded": pb.TRAINING_STATE_SUCCEEDED,
    "failed": pb.TRAINING_STATE_FAILED,
    "cancelled": pb.TRAINING_STATE_CANCELLED,
}
_MEDIA_TYPES: Final = {"json": "application/json", "html": "text/html; charset=utf-8"}


def spec_from_pb(message: pb.TrainingSpec) -> TrainingSpec:
    """Return what is asked for; raises InvalidRequest where the mode is none."""
    if message.mode and message.mode not in _MODES:
        raise InvalidRequest(f"There is no training mode {message.mode}.")
    base = message.base_model
    return TrainingSpec(
        model_name=message.model_name,
        dataset_id=message.dataset_id,
        validation_dataset_id=message.validation_dataset_id,
        architecture=message.architecture,
        base_model=ModelName(base.name, base.version) if message.HasField("base_model") else None,
        mode=_MODES.get(message.mode),
        task=message.task,
        preprocessing=message.preprocessing,
        validation_fraction=message.validation_fraction,
        test_fraction=message.test_fraction,
        max_epochs=message.max_epochs,
        patience=message.patience,
        batch_size=message.batch_size,
        optimizer=message.optimizer,
        learning_rate=message.learning_rate,
        seed=message.seed,
        rate_hz=message.rate_hz,
        workers=message.workers or 1,
        gpus_per_worker=message.gpus_per_worker,
        min_quality=floor_named(message.min_quality),
    )


def training_to_pb(training: Training) -> pb.Training:
    """Return a training for the wire."""
    return pb.Training(
        training_id=training.training_id,
        spec=_spec_to_pb(training.spec),
        state=_STATES[training.state],
        epochs_done=training.epochs_done,
        model=_name_to_pb(training.model),
        error_detail=training.error_detail,
        attempts=training.attempts,
        waiting_for=training.waiting_for,
        created_at=timestamp(training.created_at),
        updated_at=timestamp(training.updated_at),
    )


def page_to_pb(page: PageOfTrainings) -> pb.ListTrainingsResponse:
    """Return a page of trainings for the wire."""
    return pb.ListTrainingsResponse(
        trainings=[training_to_pb(each) for each in page.trainings],
        page=common_pb2.PageResponse(next_cursor=page.next_cursor),
    )


def architectures_to_pb(architectures: tuple[Architecture, ...]) -> pb.ListArchitecturesResponse:
    """Return the architectures for the wire."""
    return pb.ListArchitecturesResponse(
        architectures=[
            pb.Architecture(name=each.name, summary=each.summary, parameters=each.parameters) for each in architectures
        ]
    )


def event_to_pb(event: Event) -> pb.WatchTrainingResponse:
    """Return an event for the wire."""
    return pb.WatchTrainingResponse(
        sequence=event.sequence,
        kind=event.kind,
        payload_json=event.payload_json(),
        created_at=timestamp(event.created_at),
    )


def head_to_pb(report: Report) -> common_pb2.FileHead:
    """Return what is said of a report before its bytes."""
    media_type = _MEDIA_TYPES[report.file_name.rpartition(".")[2]]
    return common_pb2.FileHead(file_name=report.file_name, media_type=media_type, size_bytes=report.size_bytes)


def requested_event(training_id: str) -> bytes:
    """Return the message that says that a training waits."""
    return events_pb2.TrainingRequested(training_id=training_id).SerializeToString()


def changed_event(tenant: str, training_id: str) -> bytes:
    """Return the message that says that a training has news."""
    return events_pb2.TrainingChanged(tenant=tenant, training_id=training_id).SerializeToString()


def changed_training(data: bytes) -> str:
    """Return which training has news."""
    return events_pb2.TrainingChanged.FromString(data).training_id


def _spec_to_pb(spec: TrainingSpec) -> pb.TrainingSpec:
    message = pb.TrainingSpec(
        model_name=spec.model_name,
        dataset_id=spec.dataset_id,
        validation_dataset_id=spec.validation_dataset_id,
        base_model=_name_to_pb(spec.base_model),
        mode=_MODES_TO_PB[spec.mode] if spec.mode else pb.TRAINING_MODE_UNSPECIFIED,
        task=spec.task,
        preprocessing=spec.preprocessing,
        validation_fraction=spec.validation_fraction,
        test_fraction=spec.test_fraction,
        max_epochs=spec.max_epochs,
        patience=spec.patience,
        batch_size=spec.batch_size,
        optimizer=spec.optimizer,
        learning_rate=spec.learning_rate,
        seed=spec.seed,
        rate_hz=spec.rate_hz,
        workers=spec.workers,
        gpus_per_worker=spec.gpus_per_worker,
        min_quality=spec.min_quality,
    )
    if spec.architecture:
        message.architecture = spec.architecture
    return message


def _name_to_pb(model: ModelName | None) -> common_pb2.ModelRef | None:
    return common_pb2.ModelRef(name=model.name, version=model.version) if model else None
