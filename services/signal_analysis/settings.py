"""What signal analysis is configured with; the only reader of its environment."""

from pydantic_settings import SettingsConfigDict

from services.shared.settings import StatelessServiceSettings


class SignalAnalysisSettings(StatelessServiceSettings):
    """Everything a process of signal analysis needs to know."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_SIGNAL_ANALYSIS_")

    ingest_address: str
    """Where ingest answers, e.g. "dns:///ingest:8080"."""
