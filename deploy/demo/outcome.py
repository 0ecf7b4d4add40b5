"""What one run of the demonstration found out: plain facts, which `report` writes as a page and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

HELD_OUT: Final = (
    "Measured on the validation ECGs, which the training did not learn from. The epoch was chosen on them as well, "
    "so an independent test set may give lower figures."
)
"""What the figures mean where the training itself set validation ECGs aside."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training data."""

    number: int
    """From 1."""
    training_loss: float
    validation_loss: float


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one label is told; None where it cannot be computed."""

    name: str
    title: str
    """What the label means, for people."""
    ecgs: int
    """How many of the ECGs measured on carry it."""
    f1: float | None
    auroc: float | None


@dataclass(frozen=True, slots=True)
class PredictedEcg:
    """One ECG with what it shows and what the model says."""

    file_name: str
    truth: tuple[str, ...]
    scores: Sequence[tuple[str, float]]
    """Every label with its probability."""
    named: tuple[str, ...]
    """The labels that the model gives it."""

    @property
    def right(self) -> bool:
        """Whether the model names exactly what the ECG shows."""
        return set(self.named) == set(self.truth)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of the kept epoch; None where one cannot be computed."""

    f1_weighted: float
    f1_macro: float
    auroc_macro: float | None
    classes: Sequence[ClassScore]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The model that was trained, exported and published."""

    name: str
    version: str
    architecture: str
    sha256: str
    """Of the ONNX file."""
    size_bytes: int
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """One drawing of one ECG."""

    caption: str
    png: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one run found out."""

    dataset: str
    """What the ECGs are, in a few words."""
    finished_at: datetime
    files_by_format: Mapping[str, int]
    label_counts: Mapping[str, int]
    label_titles: Mapping[str, str]
    epochs: Sequence[Epoch]
    best_epoch: int
    metrics: Metrics
    predictions: Sequence[PredictedEcg]
    views: Sequence[View]
    model: TrainedModel
    seconds_by_step: Mapping[str, float]
    measured_on: str = HELD_OUT
    """One sentence: which ECGs the figures are from."""
