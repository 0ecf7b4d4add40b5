import struct

import pytest

from services.ingest.formats.scp_ecg.measurements import parse_measurements

NONE = 29999
BEAT = (286, 388, 434, 554, 854, 44, -61, 86)


def section(
    *, beats: tuple[tuple[int, ...], ...] = (BEAT,), spikes: int = 0, rr: int = 982, types: bytes = b"\0\0\0",
    extra: tuple[int, ...] = (61, NONE, 443),
) -> bytes:  # fmt: skip
    body = struct.pack("<BBHH", len(beats), spikes, rr, NONE)
    body += b"".join(struct.pack("<5H3h", *beat) for beat in beats) + bytes(spikes * 10)
    return body + struct.pack("<H", len(types)) + types + struct.pack("<HHH", *extra) + b"\0\0\0"


def told(body: bytes) -> dict[str, float]:
    return {each.name: each.value for each in parse_measurements(body)}


def test_intervals_follow_from_the_limits_of_the_waves() -> None:
    assert told(section()) == {
        "heart_rate": 61, "rr_interval": 982, "p_duration": 102, "pr_interval": 148, "qrs_duration": 120,
        "qt_interval": 420, "qtc_interval": 443, "p_axis": 44, "qrs_axis": -61, "t_axis": 86,
    }  # fmt: skip
    assert {each.name: each.unit for each in parse_measurements(section())}["heart_rate"] == "/min"


def test_pacing_spikes_and_other_beats_are_stepped_over() -> None:
    other = (NONE,) * 8

    assert told(section(beats=(BEAT, other), spikes=3)) == told(section())


def test_waves_that_are_absent_give_no_interval() -> None:
    found = told(section(beats=((NONE, NONE, 434, 554, NONE, NONE, -61, NONE),), rr=NONE, extra=(NONE, NONE, NONE)))

    assert found == {"qrs_duration": 120, "qrs_axis": -61}


@pytest.mark.parametrize("beat", [(388, 286, 434, 434, 100, 999, -999, 361), (0, 65000, 65000, 1, 0, 400, 400, 400)])
def test_impossible_values_are_left_out(beat: tuple[int, ...]) -> None:
    assert set(told(section(beats=(beat,)))) <= {"heart_rate", "rr_interval", "qtc_interval", "pr_interval"}


@pytest.mark.parametrize("length", [0, 5, 6, 21, 22, 23, 27, 30])
def test_what_is_cut_off_is_left_out(length: int) -> None:
    assert told(section()[:length]).items() <= told(section()).items()
