"""Views and measurements; millivolt rounded to 10 nV, which is below every device's resolution."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from einthoven.common.v1 import common_pb2
from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from gateway.convert.remarks import remarks
from gateway.schemas.views import Beats, Measurement, Measurements, Signal, View, ViewKind, Wave
from services.shared.rpc.convert import signal_from_pb, tensor_from_pb

_DECIMALS: Final = 5
_KIND: Final = {
    ViewKind.RAW: pb.VIEW_KIND_RAW,
    ViewKind.QRS: pb.VIEW_KIND_QRS,
    ViewKind.EVENTS: pb.VIEW_KIND_EVENTS,
    ViewKind.MEDIAN_BEATS: pb.VIEW_KIND_MEDIAN_BEATS,
    ViewKind.ALIGNED: pb.VIEW_KIND_ALIGNED,
}


def get(record_id: str, kind: ViewKind, start_s: float, duration_s: float) -> pb.GetViewRequest:
    """Ask for a view."""
    return pb.GetViewRequest(record_id=record_id, kind=_KIND[kind], start_s=start_s, duration_s=duration_s)


def get_measurements(record_id: str) -> pb.GetMeasurementsRequest:
    """Ask for measurements."""
    return pb.GetMeasurementsRequest(record_id=record_id)


def view(record_id: str, kind: ViewKind, message: pb.GetViewResponse) -> View:
    """Return a view."""
    return View(
        kind=kind,
        record_id=record_id,
        start_s=message.start_s,
        heart_rate_bpm=message.heart_rate_bpm if message.HasField("heart_rate_bpm") else None,
        remarks=remarks(message.remarks),
        signal=signal(message.signal) if message.HasField("signal") else None,
        beats=_beats(message) if message.HasField("beats") else None,
        beat_peak_index=message.beat_peak_index if kind is ViewKind.MEDIAN_BEATS else None,
        r_peaks=list(message.r_peaks),
        waves=[_wave(wave) for wave in message.waves],
    )


def signal(message: common_pb2.Signal) -> Signal:
    """Return a signal (leads, samples); built without validation, which would look at every sample."""
    values, leads, rate_hz = signal_from_pb(message)
    return Signal.model_construct(
        leads=list(leads), rate_hz=rate_hz, samples=values.shape[1], data=_rounded(values).tolist()
    )


def measurements(record_id: str, message: pb.GetMeasurementsResponse) -> Measurements:
    """Return what is measured on a record."""
    return Measurements(
        record_id=record_id,
        measurements=[
            Measurement(
                name=item.name,
                value=item.value if item.HasField("value") else None,
                unit=item.unit,
                reason=item.reason or None,
                lead=item.lead or None,
            )
            for item in message.measurements
        ],
    )


def _beats(message: pb.GetViewResponse) -> Beats:
    values = tensor_from_pb(message.beats)
    return Beats.model_construct(
        leads=list(message.leads),
        rate_hz=message.rate_hz,
        peak_index=message.beat_peak_index,
        data=_rounded(values).tolist(),
    )


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    # In float64: a rounded float32 would be written with the digits of its binary neighbour.
    rounded: NDArray[np.float64] = values.astype(np.float64).round(_DECIMALS)
    return rounded


def _wave(message: pb.Wave) -> Wave:
    places: dict[str, Any] = {
        name: getattr(message, name) for name in ("onset", "peak", "offset") if message.HasField(name)
    }
    return Wave(kind=message.kind, lead=message.lead or None, **places)
