import pytest

from services.ingest.decoding.wfdb_header import MAX_HEADER_BYTES, Header, is_header, parse_header
from services.shared.errors import UnreadableFile

SIGNALS = "\na.dat 16 200 12 0 1 2 0 I\nb.dat 16 200 12 0 1 2 0 II\n"


def parsed(text: str) -> Header:
    return parse_header(text.encode(), "rec.hea")


def test_the_record_line_is_read() -> None:
    header = parsed("rec 2 500/250(0) 5000 15:17:04.25 13/11/2003" + SIGNALS + "# Age: 56\n")

    assert (header.rate_hz, header.frames, header.started_at) == (500, 5000, "2003-11-13T15:17:04.250000")
    assert (header.files, header.segments, header.comments) == (("a.dat", "b.dat"), (), (" Age: 56",))


def test_what_a_record_line_leaves_out_is_unknown() -> None:
    header = parsed("rec 2" + SIGNALS)

    assert (header.rate_hz, header.frames, header.started_at, header.states_rate_twice) == (None, None, None, False)


@pytest.mark.parametrize("rate", ["360.5", "0.3605e3", "360.500/1"])
def test_a_rate_is_a_number(rate: str) -> None:
    assert parsed(f"rec 2 {rate} 10" + SIGNALS).rate_hz == 360.5


def test_a_rate_that_is_no_number_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="samples per second"):
        parsed("rec 2 3.6.0 10" + SIGNALS)


def test_a_time_of_day_without_hours_is_of_the_first() -> None:
    assert parsed("rec 2 500 5000    31:25.894 10/10/2896" + SIGNALS).started_at == "2896-10-10T00:31:25.894000"


@pytest.mark.parametrize(
    "tail", ["05-May-2020 14:50:55", "5000 05-May-2020 14:50:55", "5000 14:50:55", "5000 99:99:99 31/31/2020"]
)
def test_a_time_that_is_not_written_as_the_standard_does_is_not_taken(tail: str) -> None:
    assert parsed(f"E00001.mat 2 500 {tail}" + SIGNALS).started_at is None


def test_a_rate_that_is_written_twice_is_seen() -> None:
    header = parsed("rec 2 500 500 5000" + SIGNALS)

    assert (header.rate_hz, header.frames, header.states_rate_twice) == (500, 5000, True)


def test_a_length_that_equals_the_rate_is_a_length() -> None:
    header = parsed("rec 2 500 500 10" + SIGNALS)

    assert (header.frames, header.states_rate_twice) == (500, False)


def test_a_length_of_zero_is_unknown() -> None:
    assert parsed("rec 2 500 0" + SIGNALS).frames is None


def test_segments_are_read_with_their_gaps() -> None:
    header = parsed("rec/4 2 500 300\nrec_layout 0\nrec_0001 100\n~ 50\nrec_0002 150\n")

    assert header.files == ("rec_layout.hea", "rec_0001.hea", "rec_0002.hea")
    assert [(segment.name, segment.frames) for segment in header.segments][2] == ("~", 50)
    assert (header.signal_count, header.signals) == (2, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rec/1 2 500 100\nrec 100\n", "names itself"),
        ("rec 1 500 100\nrec.hea 16 200\n", "names itself"),
        ("rec 1 500 100\nother.hea 16 200\n", "a header among its signal files"),
        ("beats/00001_medians 1 500 600\nbeats/00001_medians.dat 16 200\n", "plain names"),
        ("rec/1 2 500 100\n../rec_0001 100\n", "plain names"),
        ("rec/1 2 500 100\n/tmp/rec_0001 100\n", "plain names"),
        ("rec/1 2 500 100\nrec_0001\n", "has a segment 'rec_0001'"),
        ("rec/0 2 500 100\nrec_0001 1\n", "announces 0 segments"),
        ("rec/2 2 500 100\nrec_0001 1\n", "announces 2 segments and describes 1"),
        ("rec/9999999 2 500 100\nrec_0001 1\n", "announces 9999999 segments"),
        ("rec/1 99 500 100\nrec_0001 1\n", "were expected"),
        ("rec 99999999999999999999 500 100\na.dat 16 200\n", "were expected"),
        ("rec 0 500 100\na.dat 16 200\n", "announces 0 signals"),
        ("Some text\nof two lines\n", "no WFDB header"),
        ("", "no WFDB header"),
    ],
)
def test_headers_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        parsed(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(line_end: str) -> None:
    assert parsed(("rec 2 500 100" + SIGNALS).replace("\n", line_end)).files == ("a.dat", "b.dat")


def test_a_header_in_latin_1_keeps_its_micro() -> None:
    assert parse_header("rec 1 500 10\na.dat 16 1/µV\n".encode("latin-1"), "rec.hea").signals[0].unit == "µV"


@pytest.mark.parametrize(
    "data",
    [
        b"a,b 2 3\n1,2\n",
        b"0 1 2\n3 4.5 6\n",
        b"0\t1\t2\n3\t4\t5\n",
        b"01/02 12 500\n01/03 12 500\n",
        b"http://a/b 2 500\nx 1\n",
        b"\0" * 9,
        b"x 1\n" + b" " * MAX_HEADER_BYTES,
    ],
)
def test_other_files_are_no_headers(data: bytes) -> None:
    assert not is_header(data)
