"""What a worker is handed: one document per training in the object store, and one per dataset.

A worker needs these, the signals they point to and the training's row; it calls no service.
"""

from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.shared.errors import InvalidRequest
from services.shared.model_contract import InputContract
from services.shared.quality import Floor, Grade
from services.shared.signals import SignalRef
from services.trainer.learning.labels import Task
from services.trainer.trainings import TrainingSpec

SPEC_FILE: Final = "spec.json"
SNAPSHOT_FILE: Final = "snapshot.json"
VALIDATION_FILE: Final = "validation.json"
MODEL_FILE: Final = "model.onnx"
MANIFEST_FILE: Final = "manifest.json"
REPORT_FILES: Final = {"json": "report.json", "html": "report.html"}
SPLIT_FILE: Final = "split.json"
CHECKPOINTS: Final = ("checkpoints/last.safetensors", "checkpoints/best.safetensors")


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """One labelled record as it was when the training was asked for."""

    record_id: str
    signal: SignalRef
    labels: tuple[str, ...]
    patient: str = ""
    grade: Grade | None = None
    """Of its quality; None where it was never judged, which then the worker does."""
    content: str = ""
    """The sha256 of its original; empty in snapshots of before it was kept."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The labelled records of a dataset as they were when the training was asked for."""

    dataset_id: str
    version: int
    records: tuple[SnapshotRecord, ...]
    unlabelled: int = 0
    """Records that are left out, for they have no label."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Codes by system of the classes that have exactly one, e.g. {"AF": {"icd10": "I48"}}."""
    floor: Floor = "any"
    """The least grade that is learnt from."""
    below: dict[Grade, int] = field(default_factory=dict)
    """How many labelled records are left out, by their grade, for they do not reach the floor."""

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The class names of each record."""
        return [each.labels for each in self.records]


@dataclass(frozen=True, slots=True)
class Base:
    """The model to start from."""

    name: str
    version: str
    object_key: str
    sha256: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that was decided when the training was asked for."""

    training_id: str
    tenant: str
    spec: TrainingSpec
    task: Task
    classes: tuple[str, ...]
    contract: InputContract
    base: Base | None = None
    trace: dict[str, str] = field(default_factory=dict)
    """The trace context (W3C) of the call that asked for it, which its workers go on with."""

    @property
    def base_name(self) -> str:
        """The architecture, or name and version of the model, that the training starts from."""
        return f"{self.base.name} {self.base.version}" if self.base else self.spec.architecture


Document = TypeVar("Document", Job, Snapshot)
_ADAPTERS: Final[dict[Any, TypeAdapter[Any]]] = {Job: TypeAdapter(Job), Snapshot: TypeAdapter(Snapshot)}


def write(document: Job | Snapshot) -> bytes:
    """Return a document as JSON."""
    return bytes(_ADAPTERS[type(document)].dump_json(document))


def read(kind: type[Document], data: bytes) -> Document:
    """Return the document that JSON holds; raises InvalidRequest where another version of the platform wrote it."""
    try:
        document: Document = _ADAPTERS[kind].validate_json(data)
    except ValidationError:
        raise InvalidRequest("The training was planned by another version of the platform; ask for it again.") from None
    return document
