"""The ways in which people write tables: all of one ECG, which reads the same from each."""

import numpy as np
import pytest

from services.ingest.decoding.csv_dialect import looks_like_table
from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, csv_of, read, sniffed, twelve_leads

LEADS = twelve_leads()
NAMES = ",".join(STANDARD_LEADS)
PLAIN = csv_of(LEADS)
BODY = csv_of(LEADS, header=None)


def spaced(data: bytes) -> bytes:
    return data.replace(b",", b"   ").replace(b"\n", b"  \n  ")


def quoted(data: bytes) -> bytes:
    return b"\n".join(b",".join(b'"' + cell + b'"' for cell in line.split(b",")) for line in data.splitlines())


def with_comma(data: bytes, mark: bytes) -> bytes:
    return data.replace(b",", mark).replace(b".", b",")


SPELLINGS = {
    "tabs": PLAIN.replace(b",", b"\t"),
    "semicolons": PLAIN.replace(b",", b";"),
    "spaces": spaced(PLAIN),
    "spaces and decimal commas": with_comma(PLAIN, b"  "),
    "tabs and decimal commas": with_comma(PLAIN, b"\t"),
    "quoted": quoted(PLAIN),
    "quoted decimal commas": quoted(PLAIN).replace(b".", b","),
    "CR": PLAIN.replace(b"\n", b"\r"),
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "trailing separators": PLAIN.replace(b"\n", b",\n"),
    "trailing separators in the rows": NAMES.encode() + b"\n" + BODY.replace(b"\n", b",\n"),
    "a trailing separator in the header": NAMES.encode() + b",\n" + BODY,
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "UTF-16 big endian without a mark": PLAIN.decode().encode("utf-16-be"),
    "UTF-16 little endian without a mark": PLAIN.decode().encode("utf-16-le"),
    "UTF-8 with a mark": PLAIN.decode().encode("utf-8-sig"),
    "a header in a comment": b"# " + PLAIN,
    "names in single quotes": b"'" + PLAIN.replace(b",", b"','", 11).replace(b"\n", b"'\n", 1),
    "blanks around separators": PLAIN.replace(b",", b" , "),
    "signs": PLAIN.replace(b"\n0.", b"\n+0."),
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_reads_the_same(data: bytes) -> None:
    decoded = sniffed(data)

    assert decoded.format_name == "csv"
    np.testing.assert_array_equal(decoded.recording.signal, LEADS)
    assert codes(decoded.recording) == {"assumed_unit", "lead_algebra"}


def test_a_first_row_without_samples_is_not_lost() -> None:
    signal = LEADS.copy()
    signal[:, 0] = np.nan

    for header in (NAMES, None):
        recording = read(csv_of(signal, header))

        assert recording.samples == LEADS.shape[1]
        assert "gaps" in codes(recording)


def test_a_trailing_separator_is_no_thirteenth_lead() -> None:
    signal = LEADS.copy()
    signal[6:] = np.nan

    recording = read(csv_of(signal, header=None).replace(b"\n", b",\n"))

    assert recording.leads == STANDARD_LEADS
    np.testing.assert_array_equal(recording.signal[:6], LEADS[:6])


def test_lines_of_words_above_the_table_are_understood() -> None:
    above = (
        "Export of an ECG\nSample Rate,500 hertz\nUnit;µV\n\n# Age: 63\n# Sex = F\n# Patient ID: 4711\n"
        "Device: Cardiograph 7\nRecorded Date,2019-05-01 10:20:30\n,,,,\n"
    )

    recording = read(above.encode() + csv_of(LEADS * 1000), Declaration(pseudonym_key=b"k"))

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert (recording.rate_hz, recording.age_years, recording.sex) == (500, 63, "female")
    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("4711")
    assert (recording.acquisition.device, recording.acquisition.acquired_at) == ("Cardiograph 7", "2019-05-01T10:20:30")


def test_a_header_that_names_other_columns_than_there_are_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="names 10 columns, the first row of numbers has 12 cells"):
        read(csv_of(LEADS, ",".join(STANDARD_LEADS[:10])))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Dear colleague,\nthank you, 12 leads were seen, and 5 more\n",
        b"500\n501\n",
        b"key: 1\nother: 2\n",
        b"\0\1\0\2" * 40,
        b"2024-05-01 12:00\n",
        b'{"signal": [0.1, 0.2, 0.3]}',
    ],
)
def test_what_is_no_table_is_not_taken_for_one(text: bytes) -> None:
    assert not looks_like_table(text)
