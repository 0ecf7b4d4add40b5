"""Looking at one ECG."""

from typing import Any

from fastapi import Response

from gateway.call import CallOf
from gateway.convert import views as convert
from gateway.routes import router
from gateway.schemas.paging import RecordId
from gateway.schemas.problems import problems
from gateway.schemas.views import DurationS, StartS, View, ViewKind

routes = router("Views")


@routes.get(
    "/records/{record_id}/views/{kind}", summary="Look at an ECG", response_model=View, responses=problems(404, 422)
)
async def get_view(
    record_id: RecordId, kind: ViewKind, call: CallOf, start_s: StartS = 0.0, duration_s: DurationS = 0.0
) -> Any:
    """Return one of the five views of a window: raw, qrs, events, median-beats or aligned."""
    wanted = convert.get(record_id, kind, start_s, duration_s)
    view = convert.view(record_id, kind, await call.peers.signal_analysis.get_view(call.caller, wanted))
    # Written here, once: a view holds tens of thousands of samples.
    return Response(view.model_dump_json(), media_type="application/json")
