"""The gateway as a whole: its tables, its first key, its port, its last audit rows."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from gateway.bootstrap import build
from gateway.tokens import new_api_key
from services.shared.database import Database, open_database
from services.shared.deployable import Deployable
from services.shared.errors import Unavailable
from services.shared.rpc.server import RpcServer
from services.shared.settings import DatabaseSettings
from tests.unit.gateway.conftest import settings_of

KEY = new_api_key()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(DatabaseSettings(url=f"sqlite:///{tmp_path}/gateway.db"))
    yield database
    await database.close()


@pytest.fixture
async def gateway(rpc: RpcServer, tmp_path: Path, database: Database) -> AsyncIterator[Deployable]:
    settings = settings_of(tmp_path, rpc.address, authentication="api_keys", bootstrap_key=KEY)
    gateway = await build(settings, database=database)
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_the_bootstrap_key_opens_the_door(gateway: Deployable) -> None:
    async with httpx.AsyncClient(base_url=f"http://{gateway.address}") as http:
        stranger = await http.get("/api/v1/me")
        administrator = await http.get("/api/v1/me", headers={"Authorization": f"Bearer {KEY}"})

    assert stranger.status_code == 401
    assert administrator.json() == {"tenant": "site", "subject": "bootstrap", "roles": ["admin", "member"]}


async def test_the_last_calls_are_on_the_trail_once_the_gateway_has_stopped(
    rpc: RpcServer, tmp_path: Path, database: Database
) -> None:
    gateway = await build(settings_of(tmp_path, rpc.address), database=database)
    await gateway.start()
    async with httpx.AsyncClient(base_url=f"http://{gateway.address}") as http:
        await http.post("/api/v1/datasets", json={"name": "ward"})
        await http.delete("/api/v1/trainings/t-1")

    await gateway.stop()

    async with database.session(read_only=True) as session:
        rows = await session.execute(text("SELECT subject, method, route, status FROM gateway_audit ORDER BY at"))
    assert [tuple(row) for row in rows] == [
        ("local", "POST", "/api/v1/datasets", 201),
        ("local", "DELETE", "/api/v1/trainings/{training_id}", 409),
    ]


async def test_a_port_that_is_taken_is_a_sentence(rpc: RpcServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = await build(settings_of(tmp_path, rpc.address, port=taken.getsockname()[1]))

        with pytest.raises(Unavailable, match="cannot be listened on"):
            await gateway.start()


async def test_the_built_page_is_served_with_its_assets(rpc: RpcServer, tmp_path: Path) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<p>ECG</p>")
    (page / "favicon.svg").write_text("<svg/>")
    (page / "assets" / "app-1.js").write_text("run()")
    gateway = await build(settings_of(tmp_path, rpc.address, ui_folder=page, authentication="api_keys"))
    await gateway.start()

    async with httpx.AsyncClient(base_url=f"http://{gateway.address}") as http:
        index, icon, asset, escape = [
            await http.get(path) for path in ("/", "/favicon.svg", "/assets/app-1.js", "/assets/%2e%2e/index.html")
        ]
    await gateway.stop()

    assert index.text == "<p>ECG</p>"
    assert index.headers["cache-control"] == "no-cache"
    assert icon.status_code == 200
    assert "immutable" in asset.headers["cache-control"]
    assert escape.status_code == 404
