"""The public JSON contract, one file per noun: pydantic models in snake_case, each with an example."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """What the platform answers."""

    model_config = ConfigDict(frozen=True)


class RequestSchema(BaseModel):
    """What a caller sends: unknown fields are refused, so that a misspelt one does not silently do nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
