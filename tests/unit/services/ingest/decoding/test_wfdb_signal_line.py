import pytest

from services.ingest.decoding.wfdb_signal_line import parse_signal_line, plain_name
from services.shared.errors import UnreadableFile


def test_every_field_is_read() -> None:
    line = parse_signal_line(3, "ecg.dat 212x2:5+512 200.5(-10)/uV 12 1024 995 -22131 0 ECG lead V1")

    assert (line.row, line.file_name, line.format_code) == (3, "ecg.dat", "212")
    assert (line.per_frame, line.skew, line.offset) == (2, 5, 512)
    assert (line.gain, line.baseline, line.unit) == (200.5, -10, "uV")
    assert (line.initial, line.checksum, line.states_initial) == (995, -22131, True)
    assert line.name == "ECG lead V1"


def test_what_is_not_there_has_the_default_of_the_standard() -> None:
    line = parse_signal_line(0, "ecg.dat 16")

    assert (line.per_frame, line.skew, line.offset) == (1, 0, 0)
    assert (line.gain, line.baseline, line.unit) == (None, 0, "mV")
    assert (line.initial, line.checksum, line.states_initial, line.name) == (0, None, False, "")


def test_the_zero_of_the_converter_is_the_baseline_and_initial_value_where_none_is_stated() -> None:
    line = parse_signal_line(0, "ecg.dat 8 200 10 512")

    assert (line.baseline, line.initial, line.states_initial) == (512, 512, False)


@pytest.mark.parametrize("gain", ["0", "0/mV", "0.0(0)/mV"])
def test_a_gain_of_zero_is_none(gain: str) -> None:
    assert parse_signal_line(0, f"ecg.dat 16 {gain}").gain is None


@pytest.mark.parametrize(("gain", "value"), [("1e3/mV", 1000), ("1000.0(0)/mv", 1000), (".5/V", 0.5), ("-200", -200)])
def test_a_gain_is_any_number(gain: str, value: float) -> None:
    assert parse_signal_line(0, f"ecg.dat 16 {gain}").gain == value


def test_a_name_may_follow_where_numbers_are_left_out() -> None:
    line = parse_signal_line(0, "ecg.dat 16 1000/mV 16 aVR")

    assert (line.checksum, line.name) == (None, "aVR")


@pytest.mark.parametrize(
    "text",
    ["ecg.dat", "ecg.dat x16", "ecg.dat 16x0", "ecg.dat 16 gain", "ecg.dat 16 1e999/mV", "ecg.dat 16+99999999999999"],
)
def test_lines_that_say_nothing_sensible_are_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="a file, a format such as"):
        parse_signal_line(0, text)


@pytest.mark.parametrize("name", ["ecg.dat", "E00001.mat", "100_3.d-1", "Müller.dat"])
def test_plain_names_are_taken(name: str) -> None:
    assert plain_name(name) == name


@pytest.mark.parametrize("name", ["../a", "/a", "a/b", "a\\b", "C:a", "..", ".a", "a..b", "", "x" * 101, "-", "a b"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match="plain names"):
        plain_name(name)
