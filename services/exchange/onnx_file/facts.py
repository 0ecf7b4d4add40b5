"""What an ONNX file says of itself once it was found sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FinalOperator = Literal["Softmax", "Sigmoid", "other"]


@dataclass(frozen=True, slots=True)
class InputFacts:
    """The one input of a model, (N, 12, samples) float32."""

    tensor: str
    samples: int | None
    """None where the length is free."""
    fixed_batch: bool
    """True where the file takes one ECG at a time."""


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """The output that carries the scores, (N, classes) float32."""

    tensor: str
    classes: int | None
    """None where the file does not say how many."""
    final: FinalOperator
    """The operator that makes it, as far as it decides what the numbers mean."""
    others: tuple[str, ...]
    """Further outputs, which are not looked at."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Everything the store reads from an ONNX file."""

    opset: int
    input: InputFacts
    output: OutputFacts
    metadata: Mapping[str, str]
    contradictory_keys: tuple[str, ...]
    """Metadata keys given several times with different values; the last one counts."""
