"""Trainings over HTTP, and their events."""

import asyncio
import json
from collections.abc import AsyncGenerator

import httpx
import pytest

from einthoven.trainer.v1 import trainer_pb2
from gateway.lifetime import Lifetime
from gateway.sse import Event, Stream, after, encode
from services.shared.errors import InvalidRequest, NotFound, Unavailable
from tests.unit.gateway.conftest import Door, OpenDoor
from tests.unit.gateway.fake_rooms import Rooms

TRAININGS = "/api/v1/trainings"


async def test_a_training_is_accepted_with_only_what_was_said(http: httpx.AsyncClient, rooms: Rooms) -> None:
    spec = {"model_name": "screen", "dataset_id": "d-1", "architecture": "inception_time", "mode": "scratch", "seed": 0}

    answer = await http.post(TRAININGS, json=spec)

    assert answer.status_code == 202
    assert answer.headers["location"] == "/api/v1/trainings/t-1"
    sent = rooms.trainer.spec
    assert sent.mode == trainer_pb2.TRAINING_MODE_SCRATCH
    assert sent.HasField("seed")
    assert (sent.max_epochs, sent.optimizer) == (0, "")
    assert answer.json()["spec"]["architecture"] == "inception_time"


async def test_a_training_asks_for_the_least_quality(http: httpx.AsyncClient, rooms: Rooms) -> None:
    spec = {"model_name": "screen", "dataset_id": "d-1", "architecture": "inception_time", "min_quality": "usable"}

    answer = await http.post(TRAININGS, json=spec)

    assert rooms.trainer.spec.min_quality == "usable"
    assert answer.json()["spec"]["min_quality"] == "usable"


async def test_a_training_starts_from_a_model(http: httpx.AsyncClient, rooms: Rooms) -> None:
    spec = {"model_name": "screen", "dataset_id": "d-1", "base_model": {"name": "base"}, "mode": "head_only"}

    answer = await http.post(TRAININGS, json=spec)

    assert rooms.trainer.spec.base_model.name == "base"
    assert answer.json()["spec"]["base_model"] == {"name": "base", "version": ""}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"architecture": "a", "base_model": {"name": "b"}},
        {"architecture": "a", "max_epochs": 501},
        {"architecture": "a", "min_quality": "unusable"},
        {"architecture": "a", "validation_fraction": 1.0},
        {"architecture": "a", "epochs": 3},
    ],
)
async def test_a_training_that_cannot_be_is_refused(http: httpx.AsyncClient, more: dict[str, object]) -> None:
    answer = await http.post(TRAININGS, json={"model_name": "screen", "dataset_id": "d-1", **more})

    assert answer.status_code == 400


async def test_a_training_that_has_ended_is_not_cancelled(http: httpx.AsyncClient) -> None:
    answer = await http.delete(f"{TRAININGS}/t-1")

    assert answer.status_code == 409
    assert answer.json()["code"] == "CONFLICT"


async def test_events_are_numbered_and_end_with_the_training(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{TRAININGS}/t-1/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: 2000\n\nid: 1\nevent: epoch\ndata: {")
    assert answer.text.count("id: ") == 3


async def test_events_go_on_after_the_last_one_received(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{TRAININGS}/t-1/events", headers={"Last-Event-ID": "2"})

    assert "id: 3\n" in answer.text
    assert "id: 2\n" not in answer.text


async def test_events_of_no_training_are_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{TRAININGS}/t-9/events")).status_code == 404


async def test_a_silent_stream_is_kept_open(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(keep_alive_seconds=0.05)
    rooms.trainer.silent = True

    async with (
        httpx.AsyncClient(base_url=door.url) as http,
        http.stream("GET", f"{TRAININGS}/t-1/events") as answer,
        asyncio.timeout(5),
    ):
        lines = answer.aiter_lines()
        while not (await anext(lines)).startswith(": "):
            pass


async def test_a_stream_ends_with_the_process(http: httpx.AsyncClient, door: Door, rooms: Rooms) -> None:
    rooms.trainer.silent = True

    async with http.stream("GET", f"{TRAININGS}/t-1/events") as answer, asyncio.timeout(5):
        stopping = asyncio.create_task(door.server.stop())
        text = b"".join([chunk async for chunk in answer.aiter_bytes()])
    await stopping

    assert text.startswith(b"retry: 2000")


@pytest.mark.parametrize(("error", "told"), [(Unavailable("Away."), False), (NotFound("It is gone."), True)])
async def test_only_a_failure_that_lasts_is_an_event(error: Exception, *, told: bool) -> None:
    async def events() -> AsyncGenerator[Event]:
        yield Event("1", "log", "{}")
        raise error

    text = b"".join([chunk async for chunk in Stream(events(), "/events", Lifetime(), 15).chunks()])

    assert b"id: 1\n" in text
    assert (b"event: problem" in text) is told


async def test_a_page_of_a_report_may_do_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{TRAININGS}/t-1/report", params={"format": "html"})

    assert answer.text == "<p>done</p>"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script" not in answer.headers["content-security-policy"]


async def test_architectures_are_listed(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/api/v1/architectures")).json()

    assert listed["items"][0]["name"] == "inception_time"


def test_data_of_several_lines_stays_one_event() -> None:
    assert encode(Event("1", "log", "a\nb")) == b"id: 1\nevent: log\ndata: a\ndata: b\n\n"


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "²", "9" * 30])
def test_a_last_event_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        after(value)


def test_without_a_last_event_all_are_sent() -> None:
    assert after(None) == 0
    assert json.loads("7") == after("7")
