"""A real HTTP server before fake services on a real gRPC channel."""

from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from gateway.app import create_app
from gateway.audit import AuditTrail
from gateway.auth import Authenticator, LocalUser
from gateway.clients import Peers
from gateway.lifetime import Lifetime
from gateway.server import HttpServer
from gateway.settings import GatewaySettings, LimitSettings, PeerSettings
from services.shared.database import open_database
from services.shared.identity import Tokens
from services.shared.rpc.server import RpcServer
from services.shared.settings import DatabaseSettings
from tests.unit.gateway.fake_rooms import IDENTITY, Rooms


class Door:
    """A gateway that listens, with what a test may look at."""

    def __init__(self, server: HttpServer, trail: AuditTrail, app: FastAPI) -> None:
        self.server = server
        self.trail = trail
        self.app = app
        self.url = f"http://{server.address}"


OpenDoor = Callable[..., Any]


def settings_of(folder: Path, address: str, **more: Any) -> GatewaySettings:
    """Return settings of a gateway whose every peer is at one address."""
    peers = PeerSettings(
        ingest_address=address,
        signal_analysis_address=address,
        inference_address=address,
        trainer_address=address,
        exchange_address=address,
    )
    database = DatabaseSettings(url=f"sqlite:///{folder}/gateway.db")
    given: dict[str, Any] = {"drain_seconds": 0, "ui_folder": folder / "no-page", **more}
    return GatewaySettings(identity=IDENTITY, database=database, peers=peers, **given)


@pytest.fixture(autouse=True)
def events() -> Iterator[list[MutableMapping[str, Any]]]:
    """The events logged."""
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
async def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
async def rpc(rooms: Rooms) -> AsyncIterator[RpcServer]:
    server = rooms.server()
    await server.start()
    await server.set_ready(ready=True)
    yield server
    await server.stop()


@pytest.fixture
async def open_door(rpc: RpcServer, tmp_path: Path) -> AsyncIterator[OpenDoor]:
    """Opens gateways with other limits, settings or authenticators."""
    async with AsyncExitStack() as stack:

        async def opened(authenticator: Authenticator | None = None, **more: Any) -> Door:
            settings = settings_of(tmp_path, rpc.address, **more)
            peers = Peers(settings.peers, Tokens(IDENTITY, issuer="gateway"))
            stack.push_async_callback(peers.close)
            database = open_database(settings.database)
            stack.push_async_callback(database.close)
            trail, lifetime = AuditTrail(database), Lifetime()
            app = create_app(
                settings, peers=peers, authenticator=authenticator or LocalUser(), trail=trail, lifetime=lifetime
            )
            leaving = {"drain_seconds": 0, "leave_seconds": settings.leave_seconds}
            server = HttpServer(app, lifetime, host="127.0.0.1", port=0, **leaving)
            await server.start()
            await server.set_ready(ready=True)
            stack.push_async_callback(server.stop)
            return Door(server, trail, app)

        yield opened


@pytest.fixture
async def door(open_door: OpenDoor) -> Door:
    opened: Door = await open_door()
    return opened


@pytest.fixture
async def http(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=door.url) as client:
        yield client


def small(**more: Any) -> dict[str, Any]:
    """Return settings with small limits."""
    return {"limits": LimitSettings(**more)}
