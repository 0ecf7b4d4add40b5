import pytest

from cli.client import Platform, Refused
from cli.errors import ExitCode
from cli.settings import Connection
from tests.unit.cli.conftest import Answer, FakePlatform


@pytest.fixture
def client(platform: FakePlatform) -> Platform:
    return Platform(Connection(platform.url, "key-1"))


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (400, ExitCode.REFUSED),
        (404, ExitCode.REFUSED),
        (429, ExitCode.REFUSED),
        (507, ExitCode.REFUSED),
        (500, ExitCode.FAULT),
        (503, ExitCode.UNREACHABLE),
    ],
)
def test_a_problem_becomes_a_sentence_and_an_exit_code(
    platform: FakePlatform, client: Platform, status: int, exit_code: ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.client.PAUSES_SECONDS", ())
    platform.on("GET /models", Answer.problem(status, "SOME_CODE", "It is so."))

    with client, pytest.raises(Refused, match=r"^It is so\. \[SOME_CODE\]$") as refused:
        client.get("/models")

    assert refused.value.exit_code == exit_code


def test_a_fault_quotes_its_error_id(platform: FakePlatform, client: Platform) -> None:
    platform.on("GET /models", Answer.problem(500, "INTERNAL", "Something broke.", error_id="e-7"))

    with client, pytest.raises(Refused, match="Quote e-7 when you report it"):
        client.get("/models")


def test_an_error_that_is_no_problem_document_is_told_by_its_status(platform: FakePlatform, client: Platform) -> None:
    platform.on("GET /models", Answer(b"<html>", 404, "text/html"))

    with client, pytest.raises(Refused, match="answered 404"):
        client.get("/models")


def test_every_call_shows_the_key(platform: FakePlatform, client: Platform) -> None:
    platform.on("GET /models", Answer.of({}))

    with client:
        client.get("/models")

    assert platform.requests[0].headers["Authorization"] == "Bearer key-1"


def test_a_failure_in_the_middle_of_lines_is_a_refusal(platform: FakePlatform, client: Platform) -> None:
    late = {"problem": {"status": 503, "code": "UNAVAILABLE", "detail": "Ingest is away."}}
    platform.on("POST /predictions", Answer.lines({"record_id": "r1"}, late))
    seen: list[str] = []

    with client, pytest.raises(Refused, match="Ingest is away") as refused:
        seen.extend(row["record_id"] for row in client.lines("/predictions"))

    assert refused.value.exit_code == ExitCode.UNREACHABLE


def test_a_failure_in_the_middle_of_events_is_a_refusal(platform: FakePlatform, client: Platform) -> None:
    stream = b'event: problem\ndata: {"status": 404, "code": "NOT_FOUND", "detail": "It is gone."}\n\n'
    platform.on("GET /events", Answer(stream, media_type="text/event-stream"))

    with client, pytest.raises(Refused, match="It is gone"):
        list(client.events("/events", ""))


def test_a_list_is_walked_to_its_last_page(platform: FakePlatform, client: Platform) -> None:
    platform.on("GET /models", Answer.of({"items": [{"name": "a"}], "next_cursor": "c"}))
    platform.on("GET /models?cursor=c", Answer.of({"items": [{"name": "b"}], "next_cursor": None}))

    with client:
        names = [item["name"] for item in client.items("/models")]

    assert names == ["a", "b"]


def test_events_are_parsed_and_comments_skipped(platform: FakePlatform, client: Platform) -> None:
    stream = (
        b': ping\n\nid: 4\nevent: epoch\ndata: {"epoch": 1}\n\nid: 5\nevent: state\ndata: {"state": "succeeded"}\n\n'
    )
    platform.on("GET /events", Answer(stream, media_type="text/event-stream"))

    with client:
        events = list(client.events("/events", "3"))

    assert [(event.sequence, event.kind) for event in events] == [("4", "epoch"), ("5", "state")]
    assert events[0].payload == {"epoch": 1}
    assert platform.requests[0].headers["Last-Event-ID"] == "3"
