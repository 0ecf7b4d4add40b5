"""Logs are events with fields."""

import json

import pytest
import structlog

from services.shared.observability import logs
from services.shared.settings import TelemetrySettings


@pytest.fixture(autouse=True)
def _afterwards() -> object:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_an_event_is_one_json_line_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(TelemetrySettings(), deployable="ingest")

    logs.get_logger("test").info("recording_stored", record_id="r-1")

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["record_id"], line["deployable"], line["level"]) == (
        "recording_stored",
        "r-1",
        "ingest",
        "info",
    )


def test_events_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(TelemetrySettings(log_level="warning"), deployable="ingest")

    logs.get_logger("test").info("recording_stored")

    assert capsys.readouterr().err == ""
