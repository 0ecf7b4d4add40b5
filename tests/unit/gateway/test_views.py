"""Views over HTTP: files, tags, and what is refused."""

import httpx
import pytest

from tests.unit.gateway.fake_rooms import Rooms

API = "/api/v1"


@pytest.mark.parametrize("format_", ["png", "pdf", "svg", "csv", "npy"])
async def test_a_view_is_a_file_to_save(http: httpx.AsyncClient, format_: str) -> None:
    wanted = f"format={format_}&layout=cabrera&speed_mm_per_s=50&gain_mm_per_mv=20"

    answer = await http.get(f"{API}/records/r-1/views/raw?{wanted}&baseline_hz=0.5&low_pass_hz=40&notch_hz=50")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''view.{format_}"
    assert answer.text == f"{format_} cabrera 50 20 0.5 40 50"


async def test_a_view_that_the_caller_has_is_not_sent_again(http: httpx.AsyncClient) -> None:
    address = f"{API}/records/r-1/views/raw"
    first = await http.get(address)

    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = await http.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")

    assert (await http.get(address, headers={"If-None-Match": '"other"'})).content == first.content


async def test_a_view_is_answered_again_without_asking(http: httpx.AsyncClient, rooms: Rooms) -> None:
    for _ in range(3):
        answer = await http.get(f"{API}/records/r-1/views/qrs")
        assert answer.status_code == 200

    assert rooms.analysis.views_asked == 1


async def test_after_an_erasure_the_services_are_asked_again(http: httpx.AsyncClient, rooms: Rooms) -> None:
    await http.get(f"{API}/records/r-1/views/qrs")

    assert (await http.delete(f"{API}/records/r-1")).status_code == 204
    await http.get(f"{API}/records/r-1/views/qrs")

    assert rooms.analysis.views_asked == 2


@pytest.mark.parametrize(
    "wrong", ["format=gif", "layout=4x3", "speed_mm_per_s=30", "gain_mm_per_mv=1", "notch_hz=55", "low_pas_hz=40"]
)
async def test_paper_and_filters_that_there_are_not_are_refused(http: httpx.AsyncClient, wrong: str) -> None:
    assert (await http.get(f"{API}/records/r-1/views/raw?{wrong}")).status_code == 400
