"""The environment of signal analysis."""

import pytest

from services.shared.errors import InvalidRequest
from services.shared.settings import load
from services.signal_analysis.settings import SignalAnalysisSettings

NEEDED = {"STORAGE__FOLDER": "/srv/objects", "IDENTITY__SECRET": "s" * 32, "INGEST_ADDRESS": "dns:///ingest:8080"}


def test_a_database_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in NEEDED.items():
        monkeypatch.setenv(f"EINTHOVEN_SIGNAL_ANALYSIS_{key}", value)

    settings = load(SignalAnalysisSettings)

    assert settings.ingest_address == "dns:///ingest:8080"
    assert "database" not in SignalAnalysisSettings.model_fields


def test_the_address_of_ingest_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("STORAGE__FOLDER", "IDENTITY__SECRET"):
        monkeypatch.setenv(f"EINTHOVEN_SIGNAL_ANALYSIS_{key}", NEEDED[key])

    with pytest.raises(InvalidRequest, match="INGEST_ADDRESS"):
        load(SignalAnalysisSettings)
