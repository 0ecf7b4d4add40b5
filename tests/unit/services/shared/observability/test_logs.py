"""Logs are events with fields."""

import json
from typing import Literal

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


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_traceback_shows_no_values(log_format: Literal["json", "text"], capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(TelemetrySettings(log_format=log_format), deployable="ingest")

    logs.get_logger("test").error("call_failed", exc_info=_failure(patient="Jane " + "Roe"))

    written = capsys.readouterr().err
    assert "ZeroDivisionError" in written
    assert "Jane Roe" not in written


def _failure(patient: str) -> Exception:
    """Return an exception raised in a frame that knows a patient."""
    try:
        1 / (len(patient) - len(patient))
    except ZeroDivisionError as error:
        return error
    raise AssertionError
