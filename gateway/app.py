"""The application: routes, and the layers around them. Everything it needs is handed in."""

from typing import Final

from fastapi import FastAPI

from gateway import access, errors, openapi, page
from gateway.access import Access
from gateway.audit import Audited, AuditTrail
from gateway.auth import Authenticator
from gateway.clients import Peers
from gateway.headers import SecurityHeaders
from gateway.lifetime import Farewell, Lifetime
from gateway.limits import BodyLimit, RateLimiter
from gateway.ready_lane import ReadyLane
from gateway.release import release
from gateway.routes import (
    datasets,
    dicomweb,
    measuring,
    models,
    oip,
    operations,
    predictions,
    records,
    trainings,
    views,
)
from gateway.settings import GatewaySettings
from gateway.tracking import Tracking
from gateway.viewing import ReadyViews

_ROUTERS: Final = (
    datasets.routes,
    records.routes,
    dicomweb.routes,
    views.routes,
    measuring.routes,
    models.routes,
    predictions.routes,
    trainings.routes,
    oip.routes,
    operations.public,
    operations.routes,
)


def create_app(
    settings: GatewaySettings,
    *,
    peers: Peers,
    authenticator: Authenticator,
    trail: AuditTrail,
    lifetime: Lifetime,
) -> FastAPI:
    """Return the application; it is ready while the process that serves it is."""
    app = FastAPI(
        # FastAPI's own spans would tell of paths, addresses and browsers, which Tracking leaves out.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        title=openapi.TITLE,
        version=release(),
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        docs_url=None,  # FastAPI's own page loads scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.settings = settings
    app.state.peers = peers
    app.state.lifetime = lifetime
    app.state.views = ReadyViews(settings.views)
    for routes in _ROUTERS:
        app.include_router(routes)
    public = access.PUBLIC | page.install(app, settings.ui_folder)
    errors.install(app)
    openapi.install(app)
    # The last one added is the outermost.
    app.add_middleware(ReadyLane, views=app.state.views)
    app.add_middleware(BodyLimit, max_bytes=settings.limits.max_json_bytes)
    app.add_middleware(Audited, trail=trail)
    limiter = RateLimiter(settings.limits)
    app.add_middleware(Access, authenticator=authenticator, limiter=limiter, lifetime=lifetime, public=public)
    app.add_middleware(Tracking)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Farewell, lifetime=lifetime)
    return app
