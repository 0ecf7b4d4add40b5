"""The environment of signal analysis."""

import pytest

from services.shared.errors import InvalidRequest
from services.shared.settings import load
from services.signal_analysis.settings import SignalAnalysisSettings

NEEDED = {
    "STORAGE__FOLDER": "/srv/objects",
    "IDENTITY__SECRET": "s" * 32,
    "INGEST_ADDRESS": "dns:///ingest:8080",
    "DATABASE__URL": "sqlite+aiosqlite:////srv/rows.sqlite",
}


def test_datasets_are_measured_by_a_process_per_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in NEEDED.items():
        monkeypatch.setenv(f"EINTHOVEN_SIGNAL_ANALYSIS_{key}", value)

    settings = load(SignalAnalysisSettings)

    assert settings.ingest_address == "dns:///ingest:8080"
    assert settings.measuring_processes == 0


def test_the_address_of_ingest_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in NEEDED.keys() - {"INGEST_ADDRESS"}:
        monkeypatch.setenv(f"EINTHOVEN_SIGNAL_ANALYSIS_{key}", NEEDED[key])

    with pytest.raises(InvalidRequest, match="INGEST_ADDRESS"):
        load(SignalAnalysisSettings)
