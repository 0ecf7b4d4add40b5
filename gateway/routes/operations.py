"""What operators, orchestrators and readers ask."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from gateway import reference
from gateway.call import Call, CallOf
from gateway.routes import router
from gateway.schemas.operations import Alive, Identity, Readiness
from gateway.schemas.problems import problems
from services.shared.identity import ADMIN
from services.shared.observability import metrics

public = APIRouter(tags=["Operations"])
routes = router("Operations", prefix="")

_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "einthoven_http_requests_total 7.0\n"}},
    }
}
_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {503: {"model": Readiness, "description": "Not ready."}}


async def _administrator(call: CallOf) -> Call:
    call.caller.require(ADMIN)
    return call


@public.get("/healthz", summary="Is the gateway alive?")
async def health() -> Alive:
    """Answer, if the process is alive; asks nobody."""
    return Alive()


@public.get("/readyz", summary="Is the platform ready?", responses=_NOT_READY)
async def readiness(request: Request, response: Response) -> Readiness:
    """Ask every service whether it is ready."""
    answering = await request.app.state.peers.answering()
    ready = request.app.state.lifetime.ready and all(answering.values())
    response.status_code = 200 if ready else 503
    return Readiness(status="ready" if ready else "not_ready", dependencies=answering)


@public.get("/readyz/gateway", summary="Is the gateway ready?", responses=_NOT_READY)
async def own_readiness(request: Request, response: Response) -> Readiness:
    """Answer for the gateway alone, to whoever decides whether it gets calls: a room that is away costs no other."""
    ready = request.app.state.lifetime.ready
    response.status_code = 200 if ready else 503
    return Readiness(status="ready" if ready else "not_ready", dependencies={})


@routes.get(
    "/metrics",
    summary="Return metrics",
    response_model=None,
    response_class=Response,
    responses={**_TEXT, **problems()},
)
async def get_metrics(_: Annotated[Call, Depends(_administrator)]) -> Response:
    """Return the gateway's metrics to an administrator; scrapers use the metrics port instead."""
    text, media_type = metrics.exposition()
    return Response(text, media_type=media_type)


@routes.get("/api/v1/me", summary="Who am I?", responses=problems())
async def who_am_i(call: CallOf) -> Identity:
    """Say whom the platform takes the caller for."""
    return Identity(tenant=call.caller.tenant, subject=call.caller.subject, roles=sorted(call.caller.roles))


@public.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Return the API reference as a page without scripts."""
    return HTMLResponse(reference.page(request.app.openapi()))


@public.get("/docs/style.css", include_in_schema=False)
async def docs_style() -> Response:
    """Return the reference's style."""
    return Response(reference.style(), media_type="text/css")
