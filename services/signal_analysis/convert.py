"""Protobuf of einthoven.signal_analysis to the room's own types and back; pure."""

from collections.abc import AsyncGenerator, Iterable
from enum import StrEnum
from typing import Final, TypeVar

from einthoven.common.v1 import common_pb2
from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from services.shared.errors import InvalidRequest
from services.shared.rpc.convert import download, remarks_to_pb, signal_to_pb, tensor_to_pb
from services.signal_analysis.filters import Filters
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.paper.drawing import Paper
from services.signal_analysis.paper.layouts import Layout
from services.signal_analysis.paper.sheet import STANDARD, Scale
from services.signal_analysis.service import Answer, Look
from services.signal_analysis.view import View, ViewKind, Wave
from services.signal_analysis.view_file import FileFormat, Form, ViewFile
from services.signal_analysis.window import Stretch

KINDS: Final = {
    pb.VIEW_KIND_RAW: ViewKind.RAW,
    pb.VIEW_KIND_QRS: ViewKind.QRS,
    pb.VIEW_KIND_EVENTS: ViewKind.EVENTS,
    pb.VIEW_KIND_MEDIAN_BEATS: ViewKind.MEDIAN_BEATS,
    pb.VIEW_KIND_ALIGNED: ViewKind.ALIGNED,
    pb.VIEW_KIND_REPRESENTATIVE_BEATS: ViewKind.REPRESENTATIVE_BEATS,
}
Kind = TypeVar("Kind", bound=StrEnum)
_KINDS_TO_PB: Final = {kind: number for number, kind in KINDS.items()}


def kind_from_pb(kind: pb.ViewKind.ValueType) -> ViewKind:
    """Return the kind asked for; raises InvalidRequest where there is no such view."""
    if kind not in KINDS:
        raise InvalidRequest(f"There is no view number {kind}. Known are {', '.join(_KINDS_TO_PB)}.")
    return KINDS[kind]


def look_from_pb(request: pb.GetViewRequest) -> Look:
    """Return the view asked for; raises InvalidRequest where it is impossible."""
    stretch = Stretch.asked(request.start_s, request.duration_s)
    return Look(kind_from_pb(request.kind), stretch, _filters(request.filters))


def form_from_pb(request: pb.GetViewFileRequest) -> Form:
    """Return the file asked for; raises InvalidRequest where there is no such file or paper."""
    layout = _one_of(Layout, request.layout or Layout.COLUMNS_AND_RHYTHM, "layout")
    scale = Scale(request.speed_mm_per_s or STANDARD.mm_per_s, request.gain_mm_per_mv or STANDARD.mm_per_mv)
    return Form(_one_of(FileFormat, request.format, "format"), Paper(layout, scale))


def view_to_pb(answer: Answer[View]) -> pb.GetViewResponse:
    """Return a view for the wire."""
    view = answer.made
    if view is None:
        return pb.GetViewResponse(etag=answer.etag, not_modified=True)
    beats = view.beats
    return pb.GetViewResponse(
        kind=_KINDS_TO_PB[view.kind],
        signal=None if view.signal is None else signal_to_pb(view.signal, view.leads, view.rate_hz),
        beats=None if beats is None else tensor_to_pb(beats),
        beat_peak_index=view.beat_peak_index,
        r_peaks=view.r_peaks,
        waves=[_wave_to_pb(wave) for wave in view.waves],
        leads=() if beats is None else view.leads,
        rate_hz=0 if beats is None else view.rate_hz,
        heart_rate_bpm=view.heart_rate_bpm,
        remarks=remarks_to_pb(view.remarks),
        start_s=view.start_s,
        filter=view.filter,
        etag=answer.etag,
    )


async def file_to_pb(answer: Answer[ViewFile]) -> AsyncGenerator[pb.GetViewFileResponse]:
    """Yield a file for the wire, its tag with its head."""
    file, etag = answer.made, answer.etag
    if file is None:
        yield pb.GetViewFileResponse(etag=etag)
        return
    head = common_pb2.FileHead(file_name=file.name, media_type=file.media_type, size_bytes=len(file.data))
    async for part in download(head, [file.data]):
        yield pb.GetViewFileResponse(file=part, etag=etag)
        etag = ""


def measurements_to_pb(measurements: Iterable[Measurement]) -> pb.GetMeasurementsResponse:
    """Return measurements for the wire."""
    return pb.GetMeasurementsResponse(
        measurements=[
            pb.Measurement(name=each.name, value=each.value, unit=each.unit, reason=each.reason, lead=each.lead)
            for each in measurements
        ]
    )


def _wave_to_pb(wave: Wave) -> pb.Wave:
    return pb.Wave(kind=wave.kind, lead=wave.lead, onset=wave.onset, peak=wave.peak, offset=wave.offset)


def _filters(message: pb.Filters) -> Filters:
    return Filters(
        message.baseline_hz if message.HasField("baseline_hz") else None,
        message.low_pass_hz if message.HasField("low_pass_hz") else None,
        message.notch_hz if message.HasField("notch_hz") else None,
    )


def _one_of(kinds: type[Kind], name: str, what: str) -> Kind:
    try:
        return kinds(name)
    except ValueError:
        raise InvalidRequest(f"There is no {what} {name!r}. Known are {', '.join(kinds)}.") from None
