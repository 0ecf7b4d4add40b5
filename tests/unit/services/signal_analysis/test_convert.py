"""Protobuf to the room's types and back."""

import numpy as np
import pytest

from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from services.shared.ecg import Remark
from services.shared.errors import InvalidRequest
from services.shared.rpc.convert import signal_from_pb, tensor_from_pb
from services.signal_analysis import convert
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.service import Answer
from services.signal_analysis.view import View, ViewKind, Wave


def test_every_kind_on_the_wire_is_known() -> None:
    assert set(convert.KINDS) == set(pb.ViewKind.values()) - {pb.VIEW_KIND_UNSPECIFIED}
    assert set(convert.KINDS.values()) == set(ViewKind)


def test_no_kind_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no view number 0"):
        convert.kind_from_pb(pb.VIEW_KIND_UNSPECIFIED)


def test_a_view_with_a_signal_keeps_everything() -> None:
    signal = np.arange(6, dtype=np.float32).reshape(2, 3)
    wave = Wave("P", "II", 0, 1, None)
    view = View(ViewKind.EVENTS, ("I", "II"), 500.0, 2.0, signal, r_peaks=(1, 2), waves=(wave,), heart_rate_bpm=60.0)

    message = convert.view_to_pb(Answer("e", view))

    sent, leads, rate_hz = signal_from_pb(message.signal)
    assert (sent == signal).all()
    assert (leads, rate_hz, message.start_s, message.heart_rate_bpm) == (("I", "II"), 500.0, 2.0, 60.0)
    assert list(message.r_peaks) == [1, 2]
    assert (message.waves[0].onset, message.waves[0].peak) == (0, 1)
    assert not message.waves[0].HasField("offset")
    assert not message.HasField("beats")


def test_a_view_with_beats_names_their_leads_and_rate() -> None:
    beats = np.zeros((2, 4, 5), np.float32)
    view = View(ViewKind.QRS, ("I", "II"), 250.0, 0.0, beats=beats, beat_peak_index=2)

    message = convert.view_to_pb(Answer("e", view))

    assert tensor_from_pb(message.beats).shape == (2, 4, 5)
    assert (list(message.leads), message.rate_hz, message.beat_peak_index) == (["I", "II"], 250.0, 2)
    assert not message.HasField("signal")
    assert not message.HasField("heart_rate_bpm")


def test_remarks_and_absent_values_go_along() -> None:
    view = convert.view_to_pb(Answer("e", View(ViewKind.ALIGNED, (), 500.0, 0.0, remarks=(Remark("code", "Text."),))))
    measured = convert.measurements_to_pb([Measurement("heart_rate", None, "/min", "Why.")])

    assert (view.remarks[0].code, view.remarks[0].text) == ("code", "Text.")
    assert not measured.measurements[0].HasField("value")
    assert measured.measurements[0].reason == "Why."


def test_a_measurement_names_its_lead() -> None:
    measured = convert.measurements_to_pb([Measurement("r_amplitude", 1.2, "mV", lead="V5")])

    assert measured.measurements[0].lead == "V5"
    assert measured.measurements[0].value == 1.2
