"""What the model store is configured with."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.shared.settings import ServiceSettings


class ExchangeSettings(ServiceSettings):
    """Environment keys begin with EINTHOVEN_EXCHANGE_."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_EXCHANGE_")

    max_model_bytes: int = Field(default=512 << 20, ge=1 << 20, le=(2 << 30) - 1)
    """The largest model file taken; ONNX files cannot exceed 2 GiB."""
    max_report_bytes: int = Field(default=64 << 20, ge=1 << 10)
    """The largest of the other files of a version."""
    inspections_at_once: int = Field(default=1, ge=1, le=16)
    """Each holds a model in memory, about three times its size."""
    unfinished_hours: float = Field(default=1.0, gt=0)
    """After this long a version whose files were never completed is cleared away."""
