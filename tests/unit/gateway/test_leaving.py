"""A gateway before it is first ready, and after it was asked to end."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from tests.unit.gateway.conftest import OpenDoor
from tests.unit.gateway.fake_rooms import Rooms
from tests.unit.gateway.test_uploads import END, HEADERS, RECORDS, part


async def test_calls_before_it_is_ready_are_told_to_come_again(open_door: OpenDoor) -> None:
    door = await open_door()
    door.app.state.lifetime.opened = False

    async with httpx.AsyncClient(base_url=door.url) as http:
        alive, refused = await http.get("/healthz"), await http.get("/api/v1/datasets")

    assert alive.is_success
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert refused.json()["code"] == "UNAVAILABLE"


async def test_one_that_leaves_serves_on_and_has_clients_connect_elsewhere(open_door: OpenDoor) -> None:
    door = await open_door(leave_seconds=30)

    async with httpx.AsyncClient(base_url=door.url) as kept:
        before = await kept.get("/api/v1/me")
        leaving = asyncio.create_task(door.server.leave())
        await asyncio.sleep(0)
        after = await kept.get("/api/v1/me")
        async with httpx.AsyncClient(base_url=door.url) as fresh:
            new = await fresh.get("/api/v1/me")
            ready, alive = await fresh.get("/readyz/gateway"), await fresh.get("/healthz")
    leaving.cancel()

    assert "connection" not in before.headers
    assert [(each.status_code, each.headers["connection"]) for each in (after, new)] == [(200, "close")] * 2
    assert ready.status_code == 503
    assert alive.is_success


async def test_an_upload_in_flight_is_finished_before_it_stops(open_door: OpenDoor, rooms: Rooms) -> None:
    door = await open_door()
    stopping: list[asyncio.Task[None]] = []

    async def body() -> AsyncIterator[bytes]:
        yield part("files", b"x" * (1 << 20), "a.csv")
        await rooms.ingest.first_chunk.wait()
        stopping.append(asyncio.create_task(door.server.stop()))
        await asyncio.sleep(0)
        yield part("files", b"1,2,3", "b.csv") + END

    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await http.post(RECORDS, content=body(), headers=HEADERS)
        await asyncio.gather(*stopping)

    assert answer.json()["stored"] == 2
