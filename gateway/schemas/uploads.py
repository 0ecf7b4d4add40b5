"""The fields of forms, beside their files."""

from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from gateway.schemas import RequestSchema
from gateway.schemas.models import NAME_PATTERN, VERSION_PATTERN


class NoFields(RequestSchema):
    """A form of nothing but its file."""


class Declaration(RequestSchema):
    """What the caller declares of files that do not say it themselves."""

    model_config = ConfigDict(json_schema_extra={"example": {"sampling_rate_hz": 500, "lead_layout": "standard"}})

    sampling_rate_hz: float | None = Field(default=None, gt=0, le=100_000)
    gain_adu_per_mv: float | None = Field(default=None, gt=0, le=1_000_000_000)
    lead_layout: Literal["standard", "mimic"] | None = None
    format: str | None = Field(default=None, max_length=63, description="Overrules what the content looks like.")
    sample_type: (
        Literal["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"] | None
    ) = Field(default=None, description="Of a raw file (.dat without a header), which is then read as declared.")
    byte_order: Literal["little", "big"] | None = Field(default=None, description="Of a raw file; little where absent.")
    lead_count: int | None = Field(default=None, ge=1, le=64, description="Of a raw file; 12 where absent.")
    interleaved: bool | None = Field(
        default=None, description="Whether a raw file holds the samples of all leads together (so where absent)."
    )
    header_bytes: int | None = Field(default=None, ge=0, le=1 << 30, description="Before a raw file's samples.")


class Instances(Declaration):
    """DICOM instances, of any study or of one."""

    study_uid: str = ""


class InlinePrediction(Declaration):
    """The model to ask about one inline file."""

    model_config = ConfigDict(json_schema_extra={"example": {"model": "stroke-screen", "sampling_rate_hz": 500}})

    model: str = Field(pattern=NAME_PATTERN)
    version: str = Field(default="", pattern=VERSION_PATTERN)
    min_quality: Literal["any", "poor", "usable", "good"] = Field(
        default="poor", description="The least grade that is predicted; an ECG below it is refused with its reasons."
    )


class ModelDescription(RequestSchema):
    """What the caller says of a model from outside."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "stroke-screen"}})

    name: str = Field(pattern=NAME_PATTERN)
    version: str = Field(default="", pattern=VERSION_PATTERN, description="The next number where absent.")
    manifest: str | None = Field(default=None, description="A manifest as JSON that overrules the file's own metadata.")


_BINARY: Final = {"type": "string", "contentMediaType": "application/octet-stream"}


def form(fields: type[RequestSchema], file_field: str, *, many: bool = False) -> dict[str, Any]:
    """Return the OpenAPI request body of a form: some fields, then one file or many."""
    schema = fields.model_json_schema()
    file: dict[str, Any] = {"type": "array", "items": _BINARY, "minItems": 1} if many else _BINARY
    return {
        "type": "object",
        "properties": {**schema["properties"], file_field: file},
        "required": [*schema.get("required", []), file_field],
        "additionalProperties": False,
        "example": {**schema.get("example", {}), file_field: ["0001.csv"] if many else "0001.csv"},
    }
