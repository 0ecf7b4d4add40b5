"""The composition root of the gateway: the only place that names its adapters."""

from pathlib import Path

from gateway.api_keys import ApiKeyShelf
from gateway.app import create_app
from gateway.audit import AuditTrail
from gateway.auth import ApiKeys, Authenticator, LocalUser
from gateway.clients import Peers
from gateway.lifetime import Lifetime
from gateway.server import HttpServer
from gateway.settings import GatewaySettings
from services.shared.database import Database, open_database
from services.shared.deployable import Deployable
from services.shared.identity import ADMIN, MEMBER, Caller, Tokens
from services.shared.tables import keep_tables

MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: GatewaySettings, *, database: Database | None = None) -> Deployable:
    """Return the gateway, not yet started; a database that is passed in is not closed by it."""
    rows = database or open_database(settings.database)
    shelf = ApiKeyShelf(rows)
    peers = Peers(settings.peers, Tokens(settings.identity, issuer="gateway"))
    trail, lifetime = AuditTrail(rows), Lifetime()
    authenticator: Authenticator = LocalUser() if settings.authentication == "local" else ApiKeys(shelf)
    app = create_app(settings, peers=peers, authenticator=authenticator, trail=trail, lifetime=lifetime)
    server = HttpServer(
        app,
        lifetime,
        host=settings.host,
        port=settings.port,
        drain_seconds=settings.drain_seconds,
        leave_seconds=settings.leave_seconds,
    )
    gateway = Deployable("gateway", server)
    if database is None:
        gateway.on_close(rows.close)
    gateway.on_close(peers.close)
    gateway.on_close(trail.close)
    keep_tables(gateway, rows, MIGRATIONS, settings.database)
    gateway.on_start(lambda: prepare(shelf, settings))
    gateway.background(trail.run)
    gateway.background(app.state.views.sweeping)
    return gateway


async def prepare(shelf: ApiKeyShelf, settings: GatewaySettings) -> None:
    """See to the first administrator's key."""
    if settings.bootstrap_key is not None:
        administrator = Caller(settings.bootstrap_tenant, "bootstrap", frozenset({MEMBER, ADMIN}))
        await shelf.ensure(administrator, settings.bootstrap_key.get_secret_value())
