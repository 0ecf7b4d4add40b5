"""What inference speaks of: models it may run, ECGs it is asked for, and what it answers."""

from dataclasses import dataclass, field

from services.shared.ecg import Remark, Signal
from services.shared.errors import PlatformError
from services.shared.model_contract import Manifest
from services.shared.quality import Quality
from services.shared.signals import SignalRef


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One version of a model in the store."""

    name: str
    version: str
    manifest: Manifest
    object_key: str
    """Where its ONNX file lies."""
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One ECG in the object store."""

    record_id: str
    file_name: str
    ref: SignalRef
    remarks: tuple[Remark, ...] = ()
    quality: Quality | None = None
    """None of a record that came before quality was judged."""


@dataclass(frozen=True, slots=True)
class InlineEcg:
    """One ECG that came with the call, at its native rate."""

    signal: Signal
    leads: tuple[str, ...]
    rate_hz: float
    quality: Quality | None = None
    """As judged when it was read; None where it was not."""


@dataclass(frozen=True, slots=True)
class InlineEcgs:
    """Asks for ECGs that came with the call; nothing of them is kept."""

    ecgs: tuple[InlineEcg, ...]


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """Asks for stored records, in this order."""

    record_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WholeDataset:
    """Asks for every record of a dataset, in the order they came."""

    dataset_id: str


Question = InlineEcgs | NamedRecords | WholeDataset


@dataclass(frozen=True, slots=True)
class Score:
    """What a model says of one class, or the value of one quantity of a regression."""

    name: str
    value: float
    positive: bool
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one ECG, or why it cannot."""

    record_id: str
    """Empty for an inline ECG, as is file_name."""
    file_name: str
    scores: tuple[Score, ...] = ()
    remarks: tuple[Remark, ...] = ()
    error: PlatformError | None = None
    quality: Quality | None = None
    """None where the ECG could not be read."""
