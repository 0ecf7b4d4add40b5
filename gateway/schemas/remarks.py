"""What a reader should know of an ECG."""

from pydantic import Field

from gateway.schemas import Schema


class Remark(Schema):
    """A decision taken while handling an ECG that its reader should know of."""

    code: str = Field(description="Stable and machine-readable.")
    text: str = Field(description="One sentence for people.")
