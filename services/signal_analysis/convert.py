"""Protobuf of einthoven.signal_analysis to the room's own types and back; pure."""

from collections.abc import Iterable
from typing import Final

from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from services.shared.errors import InvalidRequest
from services.shared.rpc.convert import remarks_to_pb, signal_to_pb, tensor_to_pb
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.view import View, ViewKind, Wave
from services.signal_analysis.window import Stretch

KINDS: Final = {
    pb.VIEW_KIND_RAW: ViewKind.RAW,
    pb.VIEW_KIND_QRS: ViewKind.QRS,
    pb.VIEW_KIND_EVENTS: ViewKind.EVENTS,
    pb.VIEW_KIND_MEDIAN_BEATS: ViewKind.MEDIAN_BEATS,
    pb.VIEW_KIND_ALIGNED: ViewKind.ALIGNED,
}
_KINDS_TO_PB: Final = {kind: number for number, kind in KINDS.items()}


def kind_from_pb(kind: pb.ViewKind.ValueType) -> ViewKind:
    """Return the kind asked for; raises InvalidRequest where there is no such view."""
    if kind not in KINDS:
        raise InvalidRequest(f"There is no view number {kind}. Known are {', '.join(_KINDS_TO_PB)}.")
    return KINDS[kind]


def stretch_from_pb(request: pb.GetViewRequest) -> Stretch:
    """Return the stretch asked for; raises InvalidRequest where it is impossible."""
    return Stretch.asked(request.start_s, request.duration_s)


def view_to_pb(view: View) -> pb.GetViewResponse:
    """Return a view for the wire."""
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
    )


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
