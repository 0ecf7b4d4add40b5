"""Who may call: the local user behind a checked Host and Origin, or the holder of a key."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.api_keys import ApiKeyShelf
from gateway.auth import ApiKey, ApiKeys, LocalUser
from gateway.bootstrap import MIGRATIONS
from gateway.tokens import fingerprint, is_api_key, new_api_key
from services.shared.database import migrate, open_database
from services.shared.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from services.shared.identity import Caller
from services.shared.settings import DatabaseSettings
from tests.unit.gateway.conftest import OpenDoor, small
from tests.unit.gateway.fake_rooms import Rooms

ANNA = Caller("cardiology", "anna")


class Shelf:
    """Keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}
        self.asked = 0

    async def find(self, sha256: str) -> ApiKey | None:
        self.asked += 1
        return self.keys.get(sha256)

    def add(self, caller: Caller) -> str:
        key = new_api_key()
        self.keys[fingerprint(key)] = ApiKey("k", fingerprint(key), caller)
        return key


def contents_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_key_has_its_shape_and_no_two_are_alike() -> None:
    first, second = new_api_key(), new_api_key()

    assert is_api_key(first)
    assert first != second
    assert not is_api_key(first + "x")


async def test_a_key_is_its_holder() -> None:
    shelf = Shelf()
    key = shelf.add(ANNA)

    assert await ApiKeys(shelf).authenticate(bearer(key)) == ANNA


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer eth_short", "Basic YTpi", f"Bearer eth_{'x' * 44}"])
async def test_what_is_no_key_is_refused_without_a_look(value: str) -> None:
    shelf = Shelf()

    with pytest.raises(Unauthenticated, match="brings no API key"):
        await ApiKeys(shelf).authenticate({"authorization": value})
    assert shelf.asked == 0


async def test_a_key_that_nobody_made_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="not known"):
        await ApiKeys(Shelf()).authenticate(bearer(new_api_key()))


async def test_a_revoked_key_stops_working_within_the_time_it_is_remembered() -> None:
    shelf, now = Shelf(), [0.0]
    key = shelf.add(ANNA)
    keys = ApiKeys(shelf, clock=lambda: now[0])
    await keys.authenticate(bearer(key))
    shelf.keys[fingerprint(key)] = ApiKey("k", fingerprint(key), ANNA, revoked=True)

    now[0] = 20.0

    with pytest.raises(Unauthenticated):
        await keys.authenticate(bearer(key))


async def test_a_key_is_looked_up_once_for_many_calls() -> None:
    shelf = Shelf()
    key = shelf.add(ANNA)
    keys = ApiKeys(shelf)

    for _ in range(5):
        await keys.authenticate(bearer(key))

    assert shelf.asked == 1


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "127.0.0.1"])
async def test_the_local_user_comes_by_loopback(host: str) -> None:
    assert (await LocalUser().authenticate({"host": host})).tenant == "local"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::"])
async def test_a_page_whose_name_resolves_to_loopback_is_refused(host: str) -> None:
    with pytest.raises(Forbidden):
        await LocalUser().authenticate({"host": host})


async def test_a_form_of_another_origin_is_refused() -> None:
    headers = {"host": "127.0.0.1:8080", "origin": "https://evil.example"}

    with pytest.raises(Forbidden, match="other origins"):
        await LocalUser().authenticate(headers)


async def test_the_platform_s_own_page_may_call() -> None:
    headers = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}

    assert (await LocalUser().authenticate(headers)).subject == "local"


async def test_the_department_comes_from_the_key_alone(open_door: OpenDoor, rooms: Rooms) -> None:
    shelf = Shelf()
    door = await open_door(ApiKeys(shelf))
    headers = {**bearer(shelf.add(ANNA)), "X-Tenant": "other", "Einthoven-Tenant": "other"}

    async with httpx.AsyncClient(base_url=door.url, headers=headers) as http:
        made = await http.post("/api/v1/datasets?tenant=other", json={"name": "ward"})
        smuggled = await http.post("/api/v1/datasets", json={"name": "ward", "tenant": "other"})

    assert made.status_code == 201
    assert smuggled.status_code == 400
    assert rooms.ingest.callers == [ANNA]


async def test_nothing_but_public_paths_is_answered_without_a_key(open_door: OpenDoor) -> None:
    door = await open_door(ApiKeys(Shelf()))

    async with httpx.AsyncClient(base_url=door.url) as http:
        spec = (await http.get("/openapi.json")).json()
        for path, operations in spec["paths"].items():
            for method in operations:
                answer = await http.request(method, path.replace("{", "").replace("}", ""))
                public = path in {"/healthz", "/readyz", "/readyz/gateway", "/v2/health/live", "/v2/health/ready"}

                assert (answer.status_code == 401) is not public, path
                if not public:
                    assert answer.headers["www-authenticate"] == "Bearer"


async def test_metrics_are_for_administrators(open_door: OpenDoor) -> None:
    shelf = Shelf()
    door = await open_door(ApiKeys(shelf))

    async with httpx.AsyncClient(base_url=door.url, headers=bearer(shelf.add(ANNA))) as http:
        answer = await http.get("/metrics")

    assert answer.status_code == 403


async def test_guessing_keys_is_slowed_down(open_door: OpenDoor) -> None:
    door = await open_door(ApiKeys(Shelf()), **small(calls_per_second=0.01, burst=2))

    async with httpx.AsyncClient(base_url=door.url) as http:
        statuses = [(await http.get("/api/v1/datasets", headers=bearer(new_api_key()))).status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[ApiKeyShelf]:
    database = open_database(DatabaseSettings(url=f"sqlite:///{tmp_path}/gateway.db"))
    await migrate(database, "gateway", MIGRATIONS)
    yield ApiKeyShelf(database)
    await database.close()


async def test_a_made_key_is_found_by_its_fingerprint_alone(shelf: ApiKeyShelf, tmp_path: Path) -> None:
    key_id, key = await shelf.create(ANNA)

    found = await shelf.find(fingerprint(key))

    assert found == ApiKey(key_id, fingerprint(key), ANNA)
    assert key.encode() not in contents_of(tmp_path)


async def test_a_revoked_key_stays_on_the_list(shelf: ApiKeyShelf) -> None:
    key_id, _ = await shelf.create(ANNA)
    await shelf.create(Caller("neurology", "ben"))

    await shelf.revoke(key_id)

    assert [key.revoked for key in await shelf.list("cardiology")] == [True]
    assert len(await shelf.list()) == 2


async def test_a_key_that_is_not_there_cannot_be_revoked(shelf: ApiKeyShelf) -> None:
    with pytest.raises(NotFound):
        await shelf.revoke("nothing")


async def test_nobody_gets_the_role_of_a_service(shelf: ApiKeyShelf) -> None:
    with pytest.raises(InvalidRequest, match="roles"):
        await shelf.create(Caller("cardiology", "anna", frozenset({"service"})))


async def test_the_bootstrap_key_is_put_there_once_and_stays_revoked(shelf: ApiKeyShelf) -> None:
    key = new_api_key()
    await shelf.ensure(ANNA, key)
    await shelf.revoke((await shelf.list())[0].key_id)

    await shelf.ensure(ANNA, key)

    assert [entry.revoked for entry in await shelf.list()] == [True]
