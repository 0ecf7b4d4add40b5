"""Looking at one ECG."""

from typing import Annotated, Any, Final

from fastapi import Query, Request

from gateway import downloads, ready_lane
from gateway.call import CallOf
from gateway.convert import views as convert
from gateway.routes import router
from gateway.schemas.paging import RecordId
from gateway.schemas.problems import problems
from gateway.schemas.views import IfNoneMatch, View, ViewFormat, ViewKind, ViewQuery
from gateway.viewing import Ready

routes = router("Views")
_FILES: Final = ("image/png", "application/pdf", "image/svg+xml", "text/csv", "application/octet-stream")
_VIEW: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The view.",
        "content": {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in _FILES},
    },
    304: {"description": "The view that the caller has still stands."},
}


@routes.get(
    "/records/{record_id}/views/{kind}",
    summary="Look at an ECG",
    response_model=View,
    responses={**_VIEW, **problems(404, 413, 422)},
)
async def get_view(
    record_id: RecordId,
    kind: ViewKind,
    call: CallOf,
    asked: Annotated[ViewQuery, Query()],
    request: Request,
    if_none_match: IfNoneMatch = "",
) -> Any:
    """Return a view of a window, as numbers or on paper of true size.

    raw: the signal. qrs: its QRS complexes laid over each other. events: its waves. representative-beats: a median beat
    per lead on the patient's time. aligned and median-beats: the same with every RR interval stretched to a second.
    """

    async def ask(known_etag: str) -> Ready | None:
        if asked.format is ViewFormat.JSON:
            message = convert.get(record_id, kind, asked, known_etag)
            return convert.ready(record_id, kind, await call.peers.signal_analysis.get_view(call.caller, message))
        file = convert.get_file(record_id, kind, asked, known_etag)
        return await convert.ready_file(call.peers.signal_analysis.get_view_file(call.caller, file))

    wanted = (record_id, kind, asked)
    ready = await call.views.look(call.caller, wanted, ask)
    call.views.pave(call.caller, ready_lane.address(request.scope), (wanted, ask, request.scope["route"]))
    return downloads.whole(ready, if_none_match)
