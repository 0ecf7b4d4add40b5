"""Ready views: to whom, how long, and how often the services are asked."""

import asyncio

import pytest

from gateway.settings import ViewSettings
from gateway.viewing import Ready, ReadyViews
from services.shared.errors import NotFound
from services.shared.identity import Caller

ANNA, BEN = Caller("cardiology", "anna"), Caller("surgery", "ben")
WANTED = ("r", "raw")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Services:
    """Answer with one view of which they count the questions."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.etag = "one"
        self.erased = False
        self.hold: asyncio.Event | None = None

    async def __call__(self, known: str) -> Ready | None:
        self.asked.append(known)
        if self.hold is not None:
            await self.hold.wait()
        if self.erased:
            raise NotFound("There is no record 'r'.")
        return None if known == self.etag else Ready(self.etag.encode(), "application/json", self.etag)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def views(clock: Clock) -> ReadyViews:
    return ReadyViews(ViewSettings(fresh_seconds=5), clock)


async def test_a_fresh_view_is_answered_without_asking(views: ReadyViews, clock: Clock) -> None:
    services = Services()

    for clock.now in (0, 1, 4.9):
        assert (await views.look(ANNA, WANTED, services)).data == b"one"

    assert services.asked == [""]


async def test_after_its_time_the_services_are_asked_whether_it_still_stands(views: ReadyViews, clock: Clock) -> None:
    services = Services()
    await views.look(ANNA, WANTED, services)

    clock.now = 6
    same = await views.look(ANNA, WANTED, services)
    services.etag, clock.now = "two", 12
    other = await views.look(ANNA, WANTED, services)

    assert (same.data, other.data) == (b"one", b"two")
    assert services.asked == ["", "one", "one"]


async def test_an_erased_records_view_is_gone_after_five_seconds(views: ReadyViews, clock: Clock) -> None:
    services = Services()
    await views.look(ANNA, WANTED, services)
    views.pave(ANNA, "/address", (WANTED, services, "route"))

    services.erased, clock.now = True, 5.0

    assert views.ready(ANNA, "/address") is None
    with pytest.raises(NotFound):
        await views.look(ANNA, WANTED, services)
    with pytest.raises(NotFound):
        await views.look(ANNA, WANTED, services)


async def test_an_erasure_through_the_same_gateway_is_seen_at_once(views: ReadyViews) -> None:
    services = Services()
    await views.look(ANNA, WANTED, services)
    await views.look(BEN, WANTED, services)

    views.forget(ANNA)
    await views.look(ANNA, WANTED, services)
    await views.look(BEN, WANTED, services)

    assert services.asked == ["", "", ""]


async def test_another_department_or_role_is_answered_by_the_services_alone(views: ReadyViews) -> None:
    services = Services()
    await views.look(ANNA, WANTED, services)
    views.pave(ANNA, "/address", (WANTED, services, "route"))

    await views.look(BEN, WANTED, services)
    await views.look(Caller("cardiology", "anna", frozenset()), WANTED, services)

    assert services.asked == ["", "", ""]
    assert views.ready(BEN, "/address") is None
    assert views.ready(ANNA, "/address") is not None


async def test_many_at_once_cause_one_question_and_one_of_them_may_go(views: ReadyViews) -> None:
    services = Services()
    services.hold = asyncio.Event()
    waiting = [asyncio.create_task(views.look(ANNA, WANTED, services)) for _ in range(20)]
    await asyncio.sleep(0)

    waiting.pop(0).cancel()
    services.hold.set()
    answers = await asyncio.gather(*waiting)

    assert {answer.data for answer in answers} == {b"one"}
    assert services.asked == [""]


async def test_past_half_of_its_time_it_is_asked_for_meanwhile(views: ReadyViews, clock: Clock) -> None:
    services = Services()
    await views.look(ANNA, WANTED, services)
    views.pave(ANNA, "/address", (WANTED, services, "route"))

    clock.now = 3
    first, second = views.ready(ANNA, "/address"), views.ready(ANNA, "/address")
    await asyncio.gather(*views._asking.values())
    clock.now = 7

    assert first is not None
    assert first == second
    assert services.asked == ["", "one"]
    assert views.ready(ANNA, "/address") is not None
