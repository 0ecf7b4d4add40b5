import json
from pathlib import Path
from typing import Any

from cli.errors import ExitCode
from tests.unit.cli.conftest import Answer, Command, FakePlatform


def _row(name: str) -> dict[str, Any]:
    scores = [
        {"name": "AF", "value": 0.91, "positive": True, "codes": {}},
        {"name": "normal", "value": 0.09, "positive": False},
    ]
    return {"record_id": "r1", "file_name": name, "scores": scores, "remarks": [], "error": None}


def test_a_dataset_is_predicted_line_by_line(platform: FakePlatform, command: Command) -> None:
    platform.on("GET /datasets", Answer.of({"items": [{"name": "study", "dataset_id": "d1"}], "next_cursor": None}))
    platform.on("POST /predictions", Answer.lines(_row("a.csv"), _row("b.csv")))

    result = command("predict", "rhythm@2", "--dataset", "study", "--json")

    assert result.exit_code == ExitCode.DONE
    assert [row["file_name"] for row in json.loads(result.stdout)["predictions"]] == ["a.csv", "b.csv"]
    sent = json.loads(platform.asked("POST /predictions")[0].body)
    assert sent == {"model": {"name": "rhythm", "version": "2"}, "dataset_id": "d1"}


def test_a_table_names_what_is_positive(platform: FakePlatform, command: Command) -> None:
    platform.on("POST /predictions", Answer.lines(_row("a.csv")))

    result = command("predict", "rhythm", "--record", "r1")

    assert "AF 0.910, normal 0.090" in result.output


def test_an_ecg_that_cannot_be_predicted_exits_with_3(platform: FakePlatform, command: Command) -> None:
    refused = {"record_id": "r1", "scores": [], "error": {"code": "INVALID_REQUEST", "detail": "V6 is missing."}}
    platform.on("POST /predictions", Answer.lines(_row("a.csv"), refused))

    result = command("predict", "rhythm", "--record", "r1")

    assert result.exit_code == ExitCode.PARTLY_REFUSED
    assert "V6 is missing." in result.output


def test_a_file_goes_inline(platform: FakePlatform, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("0,1\n")
    platform.on("POST /predictions", Answer.of({"predictions": [_row("")]}))

    result = command("predict", "rhythm@2", "--file", file, "--sampling-rate-hz", "500", "--json")

    assert json.loads(result.stdout)["predictions"][0]["file_name"] == "one.csv"
    body = platform.asked("POST /predictions")[0].body
    assert all(f'name="{name}"'.encode() in body for name in ("model", "version", "sampling_rate_hz", "file"))


def test_two_inputs_are_refused(command: Command) -> None:
    result = command("predict", "rhythm", "--record", "r1", "--dataset", "study")

    assert result.exit_code == ExitCode.USAGE


def test_the_least_quality_is_asked_for_and_the_grade_shown(platform: FakePlatform, command: Command) -> None:
    doubtful = {"grade": "poor", "reasons": [], "suspected_reversal": "RA/LA", "pacing": "none"}
    platform.on("POST /predictions", Answer.lines(_row("a.csv") | {"quality": doubtful}))

    result = command("predict", "rhythm", "--record", "r1", "--min-quality", "any")

    assert json.loads(platform.asked("POST /predictions")[0].body)["min_quality"] == "any"
    assert "poor" in result.output
    assert "RA/LA" in result.output


def test_the_least_quality_goes_along_with_a_file(platform: FakePlatform, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("0,1\n")
    platform.on("POST /predictions", Answer.of({"predictions": [_row("")]}))

    command("predict", "rhythm", "--file", file, "--min-quality", "good")

    assert b'name="min_quality"' in platform.asked("POST /predictions")[0].body
