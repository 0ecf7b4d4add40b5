"""Uploads whose replica of ingest is lost on the way."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.uploads import ATTEMPTS
from tests.unit.gateway.conftest import OpenDoor, small
from tests.unit.gateway.fake_rooms import Rooms
from tests.unit.gateway.test_uploads import BOUNDARY, END, HEADERS, RECORDS, files, part

MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.uploads._PAUSE_SECONDS", 0)


def outcomes(report: Any) -> dict[str, str]:
    return {line["file_name"]: line["outcome"] for line in report["files"]}


async def test_an_upload_goes_on_with_another_replica(http: httpx.AsyncClient, rooms: Rooms) -> None:
    rooms.ingest.lost_at = ["b.csv", "d.csv"]
    names = ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]

    report = (await http.post(RECORDS, files=files(*names), data={"sampling_rate_hz": "500"})).json()

    assert outcomes(report) == dict.fromkeys(names, "stored")
    assert rooms.ingest.files == dict.fromkeys(names, 60)
    assert rooms.ingest.declaration.sampling_rate_hz == 500


async def test_what_was_reported_is_not_sent_again(http: httpx.AsyncClient, rooms: Rooms) -> None:
    rooms.ingest.lost_at = ["b.csv"]

    async def body() -> AsyncIterator[bytes]:
        yield part("files", bytes(MEBIBYTE), "a.csv") + part("files", b"1", "x.csv")
        while "x.csv" not in rooms.ingest.files:
            await rooms.ingest.first_chunk.wait()
            yield part("files", b"1", "filler.csv")
        yield part("files", b"1", "b.csv") + END

    async with http.stream(
        "POST", RECORDS, content=body(), headers={**HEADERS, "Accept": "application/x-ndjson"}
    ) as answer:
        lines = [json.loads(line) async for line in answer.aiter_lines()]

    assert rooms.ingest.begun.count("a.csv") == 1
    assert rooms.ingest.begun.count("b.csv") == 2
    assert {line["outcome"] for line in lines} == {"stored"}


async def test_a_file_that_was_too_large_to_keep_is_told_as_lost(
    http: httpx.AsyncClient, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.resending.KEPT_BYTES", MEBIBYTE)
    rooms.ingest.lost_at = ["large.csv"]
    sent = [("files", ("large.csv", bytes(3 * MEBIBYTE), "text/csv")), *files("b.csv")]

    report = (await http.post(RECORDS, files=sent)).json()

    assert outcomes(report) == {"large.csv": "refused", "b.csv": "stored"}
    lost = next(line for line in report["files"] if line["file_name"] == "large.csv")
    assert lost["error"]["code"] == "UNAVAILABLE"
    assert "again" in lost["error"]["detail"]


async def test_a_file_over_the_limit_has_one_line_all_the_same(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(max_upload_bytes=MEBIBYTE))
    rooms.ingest.lost_at = ["b.csv"]
    sent = [("files", ("large.csv", bytes(3 * MEBIBYTE), "text/csv")), *files("b.csv")]

    async with httpx.AsyncClient(base_url=door.url) as http:
        report = (await http.post(RECORDS, files=sent)).json()

    assert [line["error"] and line["error"]["code"] for line in report["files"]] == ["TOO_LARGE", None]


async def test_an_upload_that_gets_nowhere_says_so(http: httpx.AsyncClient, rooms: Rooms) -> None:
    rooms.ingest.lost_at = ["a.csv"] * ATTEMPTS

    answer = await http.post(RECORDS, files=files("a.csv"))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "duplicate" in answer.json()["detail"]
    assert rooms.ingest.files == {}


async def test_a_fault_of_the_form_is_told_after_a_loss(http: httpx.AsyncClient, rooms: Rooms) -> None:
    rooms.ingest.lost_at = ["a.csv"]
    broken = part("files", b"1", "a.csv") + f"--{BOUNDARY}\r\nno header\r\n\r\n".encode()

    answer = await http.post(RECORDS, content=broken, headers=HEADERS)

    assert answer.status_code == 400
    assert rooms.ingest.files == {"a.csv": 1}
