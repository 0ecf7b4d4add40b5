"""Single ECGs."""

from typing import Any, Final

from fastapi.responses import StreamingResponse

from gateway import downloads
from gateway.call import CallOf
from gateway.convert import measuring, quality
from gateway.convert import records as convert
from gateway.routes import router
from gateway.schemas.paging import RecordId
from gateway.schemas.problems import problems
from gateway.schemas.quality import RecordQuality
from gateway.schemas.records import RateHz, Record, SignalFormat, SignalKind, WithAnnotations
from services.shared.errors import InvalidRequest

routes = router("Records")

_BINARY: Final = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
_SIGNAL: Final[dict[str, Any]] = {
    "description": "The signal.",
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "example": {
                "record_id": "r-91c0",
                "leads": ["II"],
                "rate_hz": 500.0,
                "samples": 2,
                "unit": "mV",
                "data": [[0.01, 0.02]],
            },
        },
        "text/csv": {"schema": {"type": "string"}, "example": "I,II\n0.01,0.02\n"},
        "application/octet-stream": _BINARY,
        "application/zip": _BINARY,
        "application/dicom": _BINARY,
        "application/fhir+json": {
            "schema": {"type": "object"},
            "example": {"resourceType": "Observation", "status": "final", "component": []},
        },
    },
}


@routes.get("/records/{record_id}", summary="Return a record", responses=problems(404))
async def get_record(record_id: RecordId, call: CallOf) -> Record:
    """Return what is known of one ECG."""
    return convert.record((await call.peers.ingest.get_record(call.caller, convert.get(record_id))).record)


@routes.delete("/records/{record_id}", status_code=204, summary="Erase a record", responses=problems(404))
async def delete_record(record_id: RecordId, call: CallOf) -> None:
    """Erase one ECG: its signal, its original where no other record has the same, and everything derived."""
    await call.peers.ingest.delete_record(call.caller, convert.delete(record_id))
    call.views.forget(call.caller)


@routes.get("/records/{record_id}/quality", summary="Say how good an ECG is", responses=problems(404))
async def get_quality(record_id: RecordId, call: CallOf) -> RecordQuality:
    """Return the grade with its reasons, and every lead's flags and indices; nothing of an ECG is ever repaired."""
    return quality.of_record((await call.peers.ingest.get_record(call.caller, convert.get(record_id))).record)


@routes.get(
    "/records/{record_id}/signal",
    summary="Download a signal",
    response_model=None,
    response_class=StreamingResponse,
    responses={200: _SIGNAL, **problems(404, 413)},
)
async def export_signal(
    record_id: RecordId,
    call: CallOf,
    rate_hz: RateHz = None,
    kind: SignalKind = SignalFormat.JSON,
    *,
    annotations: WithAnnotations = False,
) -> Any:
    """Stream one ECG out in a format, at its native rate or another, as DICOM also with what is measured on it."""
    beside = await _annotations(record_id, call, kind) if annotations else None
    messages = call.peers.ingest.export_signal(call.caller, convert.export(record_id, kind, rate_hz, beside))
    return await downloads.respond(messages, attachment=kind is not SignalFormat.JSON)


async def _annotations(record_id: str, call: CallOf, kind: SignalFormat) -> Any:
    if kind is not SignalFormat.DICOM:
        raise InvalidRequest("Only DICOM carries annotations; ask for format=dicom, or leave annotations out.")
    answer = await call.peers.measuring.annotate_record(call.caller, measuring.annotate(record_id))
    return measuring.annotations(answer)
