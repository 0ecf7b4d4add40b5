import json
from typing import Any

import pytest

from cli import train as train_module
from cli.errors import ExitCode
from tests.unit.cli.conftest import Answer, Command, FakePlatform


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_module, "RECONNECT_SECONDS", 0.0)


def _training(state: str) -> dict[str, Any]:
    model = {"name": "mine", "version": "1"} if state == "succeeded" else None
    return {
        "training_id": "t1",
        "state": state,
        "spec": {"max_epochs": 3},
        "model": model,
        "error": "One class only.",
    }


def _events(*events: tuple[int, str, dict[str, Any]]) -> Answer:
    text = "".join(f"id: {number}\nevent: {kind}\ndata: {json.dumps(payload)}\n\n" for number, kind, payload in events)
    return Answer(text.encode(), media_type="text/event-stream")


@pytest.fixture
def queued(platform: FakePlatform) -> FakePlatform:
    platform.on("GET /datasets", Answer.of({"items": [{"name": "study", "dataset_id": "d1"}], "next_cursor": None}))
    platform.on("POST /trainings", Answer.of(_training("queued"), 202))
    return platform


def test_a_training_is_followed_to_its_model(queued: FakePlatform, command: Command) -> None:
    queued.on(
        "GET /trainings/t1/events",
        _events((1, "state", {"state": "running"}), (2, "epoch", {"epoch": 1, "f1_weighted": 0.5})),
    )
    queued.on("GET /trainings/t1", Answer.of(_training("succeeded")))

    result = command("train", "--dataset", "study", "--name", "mine", "--architecture", "inception_time", "--epochs", 3)

    assert result.exit_code == ExitCode.DONE
    assert "mine@1" in result.stdout
    assert "epoch 1: f1 weighted 0.500" in result.stderr
    sent = json.loads(queued.asked("POST /trainings")[0].body)
    assert sent == {"model_name": "mine", "dataset_id": "d1", "architecture": "inception_time", "max_epochs": 3}


def test_following_goes_on_after_the_last_event_seen(queued: FakePlatform, command: Command) -> None:
    queued.on(
        "GET /trainings/t1/events",
        _events((1, "state", {"state": "running"})),
        Answer.problem(503, "UNAVAILABLE", "Try later."),
        _events((2, "state", {"state": "succeeded"})),
    )
    queued.on("GET /trainings/t1", Answer.of(_training("running")), Answer.of(_training("succeeded")))

    result = command("train", "--dataset", "study", "--name", "mine", "--base", "old@2")

    assert result.exit_code == ExitCode.DONE
    assert [request.headers["Last-Event-ID"] for request in queued.asked("GET /trainings/t1/events")] == [
        None,
        "1",
        "1",
    ]


def test_a_failed_training_exits_with_4_and_says_why(queued: FakePlatform, command: Command) -> None:
    queued.on("GET /trainings/t1/events", _events((1, "state", {"state": "failed"})))
    queued.on("GET /trainings/t1", Answer.of(_training("failed")))

    result = command("train", "--dataset", "study", "--name", "mine", "--architecture", "inception_time")

    assert result.exit_code == ExitCode.REFUSED
    assert "One class only." in result.stderr


def test_detached_it_prints_the_identifier(queued: FakePlatform, command: Command) -> None:
    result = command(
        "train",
        "--dataset",
        "study",
        "--name",
        "m",
        "--architecture",
        "x",
        "--detach",
        "--set",
        "patience=3",
        "--set",
        "optimizer=sgd",
    )

    assert result.stdout.strip() == "t1"
    sent = json.loads(queued.asked("POST /trainings")[0].body)
    assert (sent["patience"], sent["optimizer"]) == (3, "sgd")


def test_it_needs_one_start(command: Command) -> None:
    assert command("train", "--dataset", "d", "--name", "m").exit_code == ExitCode.USAGE


def test_what_is_left_out_is_told(queued: FakePlatform, command: Command) -> None:
    excluded = {"The quality is unusable; asked for was poor or better.": 6}
    queued.on("GET /trainings/t1/events", _events((1, "log", {"text": "Some.", "excluded": excluded})))
    queued.on("GET /trainings/t1", Answer.of(_training("succeeded")))

    result = command(
        "train", "--dataset", "study", "--name", "m", "--architecture", "x", "--min-quality", "poor"
    )  # fmt: skip

    assert json.loads(queued.asked("POST /trainings")[0].body)["min_quality"] == "poor"
    assert "left out, 6 of the ECGs: The quality is unusable" in result.stderr
