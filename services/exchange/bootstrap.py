"""The composition root of the model store."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from einthoven.exchange.v1 import exchange_pb2_grpc
from services.exchange.announcing import BusAnnouncer
from services.exchange.catalog import SqlCatalog
from services.exchange.intake import Intake
from services.exchange.service import Exchange
from services.exchange.servicer import ExchangeServicer
from services.exchange.settings import ExchangeSettings
from services.exchange.shelf import Shelf
from services.shared.database import Database
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.messaging import Bus
from services.shared.resources import Given, Resources, open_resources
from services.shared.rpc.server import RpcServer
from services.shared.storage import ObjectStore

SERVICE: Final = "einthoven.exchange.v1.ExchangeService"
MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def build(
    settings: ExchangeSettings,
    *,
    store: ObjectStore | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> Deployable:
    """Wire the model store; what is passed in is not closed by it."""
    server = RpcServer(settings.rpc, Tokens(settings.identity, issuer="exchange"))
    deployable = Deployable("exchange", server)
    resources = open_resources(deployable, settings, MIGRATIONS, Given(store, bus, database))
    _serve(settings, deployable, server, resources)
    return deployable


def _serve(settings: ExchangeSettings, deployable: Deployable, server: RpcServer, resources: Resources) -> None:
    store = resources.store
    catalog, announcer = SqlCatalog(resources.database), BusAnnouncer(resources.bus)
    limits = {"max_model_bytes": settings.max_model_bytes}
    shelf = Shelf(store, catalog, **limits, max_report_bytes=settings.max_report_bytes)
    intake = Intake(store, catalog, shelf, announcer, **limits, inspections_at_once=settings.inspections_at_once)
    servicer = ExchangeServicer(Exchange(store, catalog, announcer), intake)
    server.add(exchange_pb2_grpc.add_ExchangeServiceServicer_to_server, servicer, SERVICE)
    deployable.background(lambda: shelf.sweep_for_ever(timedelta(hours=settings.unfinished_hours)))
