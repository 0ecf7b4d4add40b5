import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import ExitCode
from tests.unit.cli.conftest import Answer, Command, FakePlatform

ONNX = b"not really a graph"


def _model(version: str = "2", digest: str = hashlib.sha256(ONNX).hexdigest()) -> dict[str, Any]:
    manifest = {
        "input": {"leads": ["I"] * 12, "samples": 1000, "rate_hz": 100.0, "unit": "mV"},
        "output": {"task": "multilabel", "classes": [{"name": "AF"}]},
        "remarks": ["Class names are generic."],
    }
    entry = {
        "file_name": "model.onnx",
        "sha256": digest,
        "size_bytes": len(ONNX),
        "media_type": "application/octet-stream",
    }
    made = {"visibility": "department", "origin": "import", "created_at": "2026-01-01T00:00:00Z"}
    return {"name": "rhythm", "version": version, "files": [entry], "manifest": manifest, "remarks": [], **made}


@pytest.fixture
def store(platform: FakePlatform) -> FakePlatform:
    platform.on("GET /models/rhythm", Answer.of({"items": [_model("3"), _model("2")], "next_cursor": None}))
    platform.on("GET /models/rhythm/2", Answer.of(_model()))
    platform.on("GET /models/rhythm/2/onnx", Answer(ONNX, media_type="application/octet-stream"))
    return platform


def test_list_shows_every_version(platform: FakePlatform, command: Command) -> None:
    platform.on("GET /models", Answer.of({"items": [_model("1"), _model("2")], "next_cursor": None}))

    result = command("models", "list", "--json")

    assert [model["version"] for model in json.loads(result.stdout)] == ["1", "2"]
    assert "rhythm" in command("models", "list").output


def test_show_without_a_version_takes_the_newest(store: FakePlatform, command: Command) -> None:
    assert json.loads(command("models", "show", "rhythm", "--json").stdout)["version"] == "3"
    assert "Class names are generic." in command("models", "show", "rhythm").output


def test_fetch_checks_the_digest_and_writes_the_file(store: FakePlatform, command: Command, tmp_path: Path) -> None:
    result = command("models", "fetch", "rhythm@2", "-o", tmp_path)

    assert result.exit_code == ExitCode.DONE
    assert (tmp_path / "rhythm-2/model.onnx").read_bytes() == ONNX


def test_fetch_keeps_no_file_with_another_digest(store: FakePlatform, command: Command, tmp_path: Path) -> None:
    store.on("GET /models/rhythm/2", Answer.of(_model(digest="0" * 64)))

    result = command("models", "fetch", "rhythm@2", "-o", tmp_path)

    assert result.exit_code == ExitCode.FAULT
    assert list((tmp_path / "rhythm-2").iterdir()) == []


def test_import_sends_the_file_and_its_name(platform: FakePlatform, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(ONNX)
    platform.on("POST /models", Answer.of(_model(), 201))

    result = command("models", "import", file, "--name", "rhythm", "--version", "2")

    assert "rhythm@2" in result.stdout
    assert ONNX in platform.asked("POST /models")[0].body


def test_publish_names_the_version(store: FakePlatform, command: Command) -> None:
    store.on("POST /models/rhythm/3/publish", Answer.of(_model("3")))

    assert "rhythm@3" in command("models", "publish", "rhythm").stdout


def test_an_unknown_model_exits_with_4(platform: FakePlatform, command: Command) -> None:
    assert command("models", "show", "none").exit_code == ExitCode.REFUSED
