"""Uploads: every file has its line, a bad one costs no other, and nobody's memory grows."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.shared.errors import ErrorCode
from tests.unit.gateway.conftest import OpenDoor, small
from tests.unit.gateway.fake_rooms import Rooms

RECORDS = "/api/v1/datasets/d-1/records"
BOUNDARY = "----einthoven"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    file = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def files(*names: str) -> list[Any]:
    return [("files", (name, b"1,2,3\n" * 10, "text/csv")) for name in names]


async def test_every_file_has_its_line(http: httpx.AsyncClient, rooms: Rooms) -> None:
    answer = await http.post(RECORDS, files=files("a.csv", "b.csv"), data={"sampling_rate_hz": "500"})

    assert answer.status_code == 200
    report = answer.json()
    assert [line["file_name"] for line in report["files"]] == ["a.csv", "b.csv"]
    assert (report["stored"], report["refused"]) == (2, 0)
    assert report["files"][0]["record"]["duration_s"] == 10
    assert rooms.ingest.declaration.sampling_rate_hz == 500
    assert rooms.ingest.files == {"a.csv": 60, "b.csv": 60}


async def test_a_raw_layout_is_handed_on(http: httpx.AsyncClient, rooms: Rooms) -> None:
    fields = {"sample_type": "int16", "byte_order": "big", "lead_count": "8", "interleaved": "false"}

    await http.post(RECORDS, files=files("a.dat"), data=fields | {"header_bytes": "512"})

    declared = rooms.ingest.declaration
    assert (declared.sample_type, declared.byte_order, declared.lead_count) == ("int16", "big", 8)
    assert (declared.HasField("interleaved"), declared.interleaved, declared.header_bytes) == (True, False, 512)


async def test_a_bad_file_costs_no_other(http: httpx.AsyncClient) -> None:
    report = (await http.post(RECORDS, files=files("bad.csv", "b.csv"))).json()

    assert [line["outcome"] for line in report["files"]] == ["refused", "stored"]
    assert report["files"][0]["error"] == {"code": "UNREADABLE_FILE", "detail": "bad.csv is not an ECG."}


async def test_a_file_keeps_no_folder_in_its_name(http: httpx.AsyncClient, rooms: Rooms) -> None:
    await http.post(RECORDS, files=[("files", ("../../etc/a.csv", b"1", "text/csv"))])

    assert list(rooms.ingest.files) == ["a.csv"]


async def test_a_large_file_arrives_whole_in_joined_chunks(http: httpx.AsyncClient, rooms: Rooms) -> None:
    content = bytes(range(256)) * (20 << 10)

    await http.post(RECORDS, files=[("files", ("large.bin", content, "application/octet-stream"))])

    assert rooms.ingest.files == {"large.bin": 5 << 20}
    assert rooms.ingest.chunks <= 10


@pytest.mark.parametrize("is_last", [False, True])
async def test_a_file_that_is_too_large_costs_only_itself(open_door: OpenDoor, rooms: Rooms, *, is_last: bool) -> None:
    door = await open_door(**small(max_upload_bytes=2048))
    large = ("files", ("large.bin", b"x" * 4096, "x/y"))
    content = [*files("b.csv"), large] if is_last else [large, *files("b.csv")]

    async with httpx.AsyncClient(base_url=door.url) as http:
        report = (await http.post(RECORDS, files=content)).json()

    lines = {line["file_name"]: line for line in report["files"]}
    assert {name: line["outcome"] for name, line in lines.items()} == {"large.bin": "refused", "b.csv": "stored"}
    assert lines["large.bin"]["error"]["code"] == ErrorCode.TOO_LARGE
    assert list(rooms.ingest.files) == ["b.csv"]


async def test_an_archive_has_a_limit_of_its_own(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(max_upload_bytes=2048, max_archive_bytes=8192))
    archives = [("files", (name, b"PK\x03\x04" + bytes(size), "x/y")) for name, size in (("a", 4096), ("b", 9000))]

    async with httpx.AsyncClient(base_url=door.url) as http:
        report = (await http.post(RECORDS, files=archives)).json()

    told = {line["file_name"]: line["error"] and line["error"]["detail"] for line in report["files"]}
    assert told == {"a": None, "b": "The file is larger than 8192 bytes."}
    assert rooms.ingest.files == {"a": 4100}


async def test_files_keep_the_folders_they_are_sent_with(http: httpx.AsyncClient, rooms: Rooms) -> None:
    await http.post(RECORDS, files=[("files", ("one/a.csv", b"1", "x/y")), ("files", ("two/a.csv", b"1", "x/y"))])

    assert list(rooms.ingest.files) == ["one/a.csv", "two/a.csv"]


@pytest.mark.parametrize("name", ["", "  ", "a\tb.csv", "x" * 300])
async def test_a_file_without_a_usable_name_costs_only_itself(http: httpx.AsyncClient, name: str) -> None:
    body = part("files", b"1", name) + part("files", b"1", "b.csv") + END

    report = (await http.post(RECORDS, content=body, headers=HEADERS)).json()

    assert sorted(line["outcome"] for line in report["files"]) == ["refused", "stored"]


async def test_a_form_without_files_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(RECORDS, content=part("format", b"csv") + END, headers=HEADERS)

    assert answer.status_code == 400
    assert "no file" in answer.json()["detail"]


async def test_too_many_files_are_refused_after_those_that_fit(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(max_upload_files=2))

    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await http.post(RECORDS, files=files("a.csv", "b.csv", "c.csv"))

    assert answer.status_code == 413
    assert list(rooms.ingest.files) == ["a.csv", "b.csv"]


async def test_a_field_after_the_files_is_refused(http: httpx.AsyncClient) -> None:
    body = part("files", b"1", "a.csv") + part("sampling_rate_hz", b"500") + END

    answer = await http.post(RECORDS, content=body, headers=HEADERS)

    assert answer.status_code == 400
    assert "before the files" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("sampling_rate_hz", b"fast"), ("sampling_rate_hz", b"-1"), ("lead_layout", b"mine"), ("tenant", b"other")],
)
async def test_a_declaration_that_cannot_be_is_refused(http: httpx.AsyncClient, field: str, value: bytes) -> None:
    body = part(field, value) + part("files", b"1", "a.csv") + END

    answer = await http.post(RECORDS, content=body, headers=HEADERS)

    assert answer.status_code == 400
    assert field in answer.json()["detail"]


async def test_an_upload_into_an_unknown_dataset_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/datasets/absent/records", files=files("a.csv"))

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no dataset 'absent'."


async def test_what_came_before_a_broken_end_is_stored(http: httpx.AsyncClient, rooms: Rooms) -> None:
    body = part("files", b"1", "a.csv") + part("files", b"1", "b.csv")[:-4]

    answer = await http.post(RECORDS, content=body, headers=HEADERS)

    assert answer.status_code == 400
    assert "cut off" in answer.json()["detail"]
    assert list(rooms.ingest.files) == ["a.csv"]


async def test_lines_are_told_as_they_become_known(http: httpx.AsyncClient, rooms: Rooms) -> None:
    """The second file is sent only after the first one's line has arrived."""
    told = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield part("files", b"1", "a.csv")
        yield part("files", b"1", "b.csv")[:20]
        await rooms.ingest.first_chunk.wait()
        yield part("files", b"1", "b.csv")[20:] + END

    headers = {**HEADERS, "Accept": "application/x-ndjson"}
    async with http.stream("POST", RECORDS, content=body(), headers=headers) as answer:
        lines = [json.loads(line) async for line in answer.aiter_lines()]
    told.set()

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [line["file_name"] for line in lines] == ["a.csv", "b.csv"]


async def test_a_fault_after_the_first_line_is_the_last_line(http: httpx.AsyncClient) -> None:
    body = part("files", b"1", "a.csv") + part("files", b"1", "b.csv")[:-4]

    headers = {**HEADERS, "Accept": "application/x-ndjson"}
    answer = await http.post(RECORDS, content=body, headers=headers)

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["file_name"] == "a.csv"
    assert lines[-1]["problem"]["code"] == "INVALID_REQUEST"


async def test_a_client_that_goes_away_cancels_the_upload(http: httpx.AsyncClient, rooms: Rooms) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield part("files", b"x" * (1 << 20), "a.csv")[:-2]
        await asyncio.sleep(30)

    sending = asyncio.create_task(http.post(RECORDS, content=body(), headers=HEADERS))
    async with asyncio.timeout(5):
        await rooms.ingest.first_chunk.wait()
        sending.cancel()
        await rooms.ingest.cancelled.wait()

    assert rooms.ingest.files == {}


async def test_a_silent_client_is_given_up(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(idle_seconds=0.2))

    async def body() -> AsyncIterator[bytes]:
        yield part("files", b"1", "a.csv")
        await rooms.ingest.may_go_on.wait()
        await asyncio.sleep(2)

    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await http.post(RECORDS, content=body(), headers=HEADERS)

    assert answer.status_code == 400
    assert "sent nothing" in answer.json()["detail"]


async def test_ingest_that_does_not_read_stops_the_client(http: httpx.AsyncClient, rooms: Rooms) -> None:
    rooms.ingest.may_go_on.clear()
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part("files", b"", "a.bin")[:-2]
        for _ in range(200):
            sent += 1
            yield b"x" * (1 << 20)

    sending = asyncio.create_task(http.post(RECORDS, content=body(), headers=HEADERS))
    await rooms.ingest.first_chunk.wait()
    before = -1
    while before != sent:
        before = sent
        await asyncio.sleep(0.3)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert sent < 60


async def test_labels_are_passed_on_as_they_come(http: httpx.AsyncClient, rooms: Rooms) -> None:
    csv = b"file_name,label,ICD-10\na.csv,normal,\n"

    raw = await http.put("/api/v1/datasets/d-1/labels", content=csv, headers={"Content-Type": "text/csv"})
    after_raw = rooms.ingest.labels
    form = await http.put("/api/v1/datasets/d-1/labels", files={"file": ("labels.csv", csv, "text/csv")})

    assert raw.json() == {"labelled_records": 1, "unlabelled_records": 2, "classes": ["normal"]}
    assert after_raw == rooms.ingest.labels == csv
    assert form.status_code == 200


async def test_labels_that_are_too_large_are_refused(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door(**small(max_labels_bytes=1024))

    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await http.put("/api/v1/datasets/d-1/labels", content=b"x" * 5000)

    assert answer.status_code == 413
    assert answer.json()["code"] == "TOO_LARGE"
