"""Token buckets and body sizes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.limits import MAX_CALLERS, RateLimiter, TooManyCalls
from gateway.settings import LimitSettings
from tests.unit.gateway.conftest import OpenDoor, small


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_has_a_burst_and_then_a_pace() -> None:
    clock = Clock()
    limiter = RateLimiter(LimitSettings(calls_per_second=2, burst=3), clock)
    for _ in range(3):
        limiter.take("anna")

    with pytest.raises(TooManyCalls) as refused:
        limiter.take("anna")
    clock.now = 0.5
    limiter.take("anna")

    assert refused.value.retry_seconds == 1


def test_one_caller_does_not_slow_another() -> None:
    limiter = RateLimiter(LimitSettings(calls_per_second=1, burst=1), Clock())
    limiter.take("anna")

    limiter.take("ben")


def test_callers_are_forgotten_rather_than_kept_without_end() -> None:
    limiter = RateLimiter(LimitSettings(calls_per_second=1, burst=1), Clock())
    for number in range(MAX_CALLERS + 1):
        limiter.take(str(number))

    limiter.take("0")


async def test_too_many_calls_are_told_when_to_come_again(open_door: OpenDoor) -> None:
    door = await open_door(**small(calls_per_second=0.1, burst=1))

    async with httpx.AsyncClient(base_url=door.url) as http:
        first = await http.get("/api/v1/datasets")
        second = await http.get("/api/v1/datasets")

    assert first.status_code == 200
    assert second.status_code == 429
    assert 1 <= int(second.headers["retry-after"]) <= 10
    assert second.json()["code"] == "RATE_LIMITED"


async def test_a_body_that_is_too_large_is_refused_at_its_declared_length(open_door: OpenDoor) -> None:
    door = await open_door(**small(max_json_bytes=1024))

    async with httpx.AsyncClient(base_url=door.url) as http:
        answer = await http.post("/api/v1/datasets", json={"name": "x" * 2000})

    assert answer.status_code == 413
    assert answer.json()["code"] == "TOO_LARGE"


async def test_a_body_without_a_length_is_counted(open_door: OpenDoor) -> None:
    door = await open_door(**small(max_json_bytes=1024))

    async def body() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 500

    async with httpx.AsyncClient(base_url=door.url) as http:
        json_body = await http.post("/api/v1/datasets", content=body(), headers={"Content-Type": "application/json"})
        disguised = await http.post("/api/v1/datasets", content=body(), headers={"Content-Type": "multipart/form-data"})
        tensors = await http.post("/v2/models/screen/infer", content=body())

    assert [json_body.status_code, disguised.status_code, tensors.status_code] == [413, 413, 413]
