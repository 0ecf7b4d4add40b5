"""What a model takes and gives: the manifest that travels with every model, whoever made it.

A manifest is a JSON document beside the model file. It is parsed strictly: unknown keys, unknown preprocessing steps
and contradictions are refused, so that whoever runs a model never has to guess. No scipy, no ONNX: pydantic only.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from services.shared.ecg import MAX_RATE_HZ, MIN_RATE_HZ, STANDARD_LEADS
from services.shared.errors import InvalidModel

MAX_MANIFEST_BYTES: Final = 1 << 20
MAX_CLASSES: Final = 2_000
MAX_SAMPLES: Final = 1_000_000
MAX_FAULTS_TOLD: Final = 5

NAME_PATTERN: Final = r"[a-z0-9][a-z0-9._-]{0,62}"
"""What names and versions of models look like."""

Task = Literal["multiclass", "multilabel", "regression"]
StepName = Literal["clip_quantiles", "subtract_moving_median", "clip_percentile", "min_max", "z_score"]
Unit = Literal["mV", "uV"]
Activation = Literal["logits", "probabilities"]

_Name = Annotated[str, StringConstraints(pattern=rf"^({NAME_PATTERN})?$")]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Text = Annotated[str, StringConstraints(max_length=2_000)]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]

STEP_PARAMETERS: Final[Mapping[StepName, Mapping[str, tuple[float, float, float]]]] = MappingProxyType(
    {
        "clip_quantiles": {"low": (0.01, 0.0, 0.5), "high": (0.99, 0.5, 1.0), "factor": (1.5, 0.0, 100.0)},
        "subtract_moving_median": {"seconds": (2.0, 0.001, 60.0)},
        "clip_percentile": {"percentile": (0.01, 0.0, 50.0)},
        "min_max": {"low": (-1.0, -1e6, 1e6), "high": (1.0, -1e6, 1e6)},
        "z_score": {},
    }
)
"""The parameters of every step: default, least and greatest value."""


class _Part(BaseModel):
    """A frozen piece of a manifest that refuses unknown keys, NaN and infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileEntry(_Part):
    """One file of a model version."""

    sha256: _Sha256
    size_bytes: int = Field(ge=0)
    media_type: _Word


class Step(_Part):
    """One preprocessing step by name; parameters that are not given take the step's defaults."""

    name: StepName
    parameters: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_and_in_range(self) -> Self:
        known = STEP_PARAMETERS[self.name]
        for key, value in self.parameters.items():
            if key not in known:
                raise ValueError(f"step {self.name} has no parameter {key!r}; it has {', '.join(known) or 'none'}")
            _, least, greatest = known[key]
            if not least <= value <= greatest:
                raise ValueError(f"{key} of step {self.name} is {value:g}; it must lie in {least:g} … {greatest:g}")
        return self

    def value(self, parameter: str) -> float:
        """Return a parameter's value, or the step's default for it."""
        return self.parameters.get(parameter, STEP_PARAMETERS[self.name][parameter][0])


EXCHANGEAI: Final = (Step(name="clip_quantiles"), Step(name="subtract_moving_median"))
"""What models exchanged so far expect (ExChanGeAI, JMIR 2026;28:e81116); min-max or z-score may follow."""

CARDX: Final = (Step(name="subtract_moving_median", parameters={"seconds": 0.2}), Step(name="clip_percentile"))
"""What CardX was trained on (arXiv 2503.13570): 200 ms moving median, clipping at the 0.01 percentile, nothing else."""

PRESETS: Final[Mapping[str, tuple[Step, ...]]] = MappingProxyType(
    {"exchangeai": EXCHANGEAI, "cardx": CARDX, "none": ()}
)
"""Preprocessing by name, as trainings ask for it."""


class InputContract(_Part):
    """What a model is fed: leads, rate, length, unit and preprocessing."""

    tensor: _Word
    """Name of the ONNX input, (N, leads, samples) float32."""
    rate_hz: float = Field(ge=MIN_RATE_HZ, le=MAX_RATE_HZ)
    samples: int = Field(ge=1, le=MAX_SAMPLES)
    leads: tuple[str, ...] = STANDARD_LEADS
    unit: Unit = "mV"
    preprocessing: tuple[Step, ...] = Field(default=(), max_length=16)

    @field_validator("leads")
    @classmethod
    def _known_leads(cls, leads: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [lead for lead in leads if lead not in STANDARD_LEADS]
        if unknown or not leads or len(set(leads)) != len(leads):
            raise ValueError(f"leads must be different ones of {', '.join(STANDARD_LEADS)}")
        return leads

    @property
    def duration_s(self) -> float:
        """The length of the input in seconds."""
        return self.samples / self.rate_hz


class OutputClass(_Part):
    """One output of a model: a class, or a quantity of a regression."""

    name: _Word
    codes: dict[_Word, _Word] = Field(default_factory=dict)
    """Codes by system: "icd10", "snomed", "scp"."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """The probability from which on the class is called; None takes the task's default."""


class OutputContract(_Part):
    """What a model answers: the task, its classes in order, and how its numbers become probabilities."""

    tensor: _Word
    """Name of the ONNX output, (N, classes) float32."""
    task: Task
    classes: tuple[OutputClass, ...] = Field(min_length=1, max_length=MAX_CLASSES)
    activation: Activation = "logits"
    temperature: float = Field(default=1.0, gt=0, le=1_000)
    """Logits are divided by this before they become probabilities (Guo 2017)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [each.name for each in self.classes]
        if len(set(names)) != len(names):
            raise ValueError("two classes have the same name")
        if self.task == "regression" and any(each.threshold is not None for each in self.classes):
            raise ValueError("a quantity of a regression has no threshold")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The class names in the order of the output."""
        return tuple(each.name for each in self.classes)


class Lineage(_Part):
    """Where a model came from, as far as its maker says."""

    base_model: _Text | None = None
    """Name and version of the model, or name of the architecture, it started from."""
    base_model_sha256: _Sha256 | None = None
    dataset_sha256: _Sha256 | None = None
    dataset_records: int | None = Field(default=None, ge=0)
    code_version: _Text | None = None
    seed: int | None = None
    hyperparameters: dict[str, Any] = Field(default_factory=dict)


class Metric(_Part):
    """One measured figure with its 95 % confidence interval, where one was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class Manifest(_Part):
    """Everything a site must know of a model before it runs it (design: the model contract)."""

    name: _Name = ""
    """Filled in by the store, as are version and files."""
    version: _Name = ""
    files: dict[_Word, FileEntry] = Field(default_factory=dict)
    input: InputContract
    output: OutputContract
    lineage: Lineage = Lineage()
    metrics: dict[_Word, Metric] = Field(default_factory=dict)
    licence: _Text | None = None
    publisher: _Text | None = None
    remarks: tuple[_Text, ...] = ()
    """What was assumed about the model, for people."""

    @field_validator("metrics", mode="before")
    @classmethod
    def _plain_numbers(cls, metrics: Any) -> Any:
        if not isinstance(metrics, Mapping):
            return metrics
        return {key: {"value": each} if isinstance(each, int | float) else each for key, each in metrics.items()}

    @classmethod
    def parse(cls, document: bytes | str) -> Self:
        """Read a manifest; raises InvalidModel naming every fault."""
        if len(document) > MAX_MANIFEST_BYTES:
            raise InvalidModel(f"The manifest has {len(document)} bytes; at most {MAX_MANIFEST_BYTES} are read.")
        try:
            return cls.model_validate_json(document)
        except ValidationError as error:
            raise InvalidModel(f"The manifest is refused. {faults(error)}") from None

    def to_json(self) -> str:
        """Write the manifest canonically: keys sorted, no white space, so that its digest means something."""
        document = self.model_dump(mode="json")
        return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def faults(error: ValidationError) -> str:
    """Return the faults that were found in a manifest, for people; the first few of many."""
    found = error.errors(include_input=False, include_url=False)
    told = "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'document'}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in found[:MAX_FAULTS_TOLD]
    )
    more = len(found) - MAX_FAULTS_TOLD
    return f"{told}; and {more} more." if more > 0 else f"{told}."
