"""Trainings: queued, followed, cancelled, reported."""

from typing import Annotated, Any, Final

from fastapi import Header, Request, Response
from fastapi.responses import StreamingResponse

from gateway import downloads, sse
from gateway.call import CallOf
from gateway.convert import trainings as convert
from gateway.routes import API_PREFIX, router
from gateway.schemas.models import ReportFormat, ReportKind
from gateway.schemas.paging import Cursor, Limit, TrainingId
from gateway.schemas.problems import problems
from gateway.schemas.trainings import ArchitectureList, Training, TrainingPage, TrainingSpec

routes = router("Trainings")

_EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events: `id` is their number, `event` their kind, `data` a JSON object.",
        "content": {
            sse.MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": 'id: 7\nevent: epoch\ndata: {"epoch": 3, "validation_loss": 0.41}\n\n',
            }
        },
    }
}
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The report.",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": {"validation": {"f1_macro": 0.81}}},
            "text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"},
        },
    }
}
LastEventId = Annotated[
    str | None, Header(description="The id of the last event received; only later ones are sent.", examples=["7"])
]


@routes.get("/architectures", summary="List architectures", responses=problems())
async def list_architectures(call: CallOf) -> ArchitectureList:
    """List what can be trained from scratch."""
    wanted = convert.architectures_request()
    return convert.architectures(await call.peers.trainer.list_architectures(call.caller, wanted))


@routes.post("/trainings", status_code=202, summary="Start a training", responses=problems(404, 409, 422))
async def create_training(body: TrainingSpec, call: CallOf, response: Response) -> Training:
    """Queue a training; follow it at its events."""
    training = convert.training((await call.peers.trainer.create_training(call.caller, convert.create(body))).training)
    response.headers["Location"] = f"{API_PREFIX}/trainings/{training.training_id}"
    return training


@routes.get("/trainings", summary="List trainings", responses=problems())
async def list_trainings(call: CallOf, limit: Limit = 100, cursor: Cursor = "") -> TrainingPage:
    """List the department's trainings, newest first."""
    return convert.page(await call.peers.trainer.list_trainings(call.caller, convert.listing(limit, cursor)))


@routes.get("/trainings/{training_id}", summary="Return a training", responses=problems(404))
async def get_training(training_id: TrainingId, call: CallOf) -> Training:
    """Return one training and where it stands."""
    return convert.training((await call.peers.trainer.get_training(call.caller, convert.get(training_id))).training)


@routes.delete("/trainings/{training_id}", summary="Cancel a training", responses=problems(404, 409))
async def cancel_training(training_id: TrainingId, call: CallOf) -> Training:
    """Cancel a training; one that has ended is refused."""
    answer = await call.peers.trainer.cancel_training(call.caller, convert.cancel(training_id))
    return convert.training(answer.training)


@routes.get(
    "/trainings/{training_id}/events",
    summary="Follow a training",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_EVENTS, **problems(404)},
)
async def watch_training(
    training_id: TrainingId, request: Request, call: CallOf, last_event_id: LastEventId = None
) -> Any:
    """Stream a training's events, the past ones first, until it has ended."""
    wanted = convert.watch(training_id, sse.after(last_event_id))
    await call.peers.trainer.get_training(call.caller, convert.get(training_id))
    events = sse.converted(call.peers.trainer.watch_training(call.caller, wanted), convert.event)
    told = sse.Stream(events, request.url.path, request.app.state.lifetime, call.settings.keep_alive_seconds)
    return StreamingResponse(told.chunks(), media_type=sse.MEDIA_TYPE)


@routes.get(
    "/trainings/{training_id}/report",
    summary="Return a training's report",
    response_model=None,
    response_class=StreamingResponse,
    responses={**_REPORT, **problems(404, 409)},
)
async def get_training_report(training_id: TrainingId, call: CallOf, kind: ReportKind = ReportFormat.JSON) -> Any:
    """Return the report of a training that has succeeded."""
    messages = call.peers.trainer.get_report(call.caller, convert.get_report(training_id, kind))
    return await downloads.respond(messages, attachment=False)
