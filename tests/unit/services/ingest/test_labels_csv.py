import pytest

from services.ingest.labels_csv import parse_labels
from services.ingest.records import Label
from services.shared.errors import InvalidRequest


def test_rows_and_semicolons_both_give_several_labels() -> None:
    found = parse_labels(b"file_name,label,ICD-10\na.csv,NORM,\nb.csv,AF;LBBB,I48;I44.7\na.csv,SB,R00.1\n")

    assert found == {
        "a.csv": (Label("NORM"), Label("SB", "R00.1")),
        "b.csv": (Label("AF", "I48"), Label("LBBB", "I44.7")),
    }


def test_a_label_that_is_given_twice_counts_once() -> None:
    assert parse_labels(b"file_name,label\na,X\na,X\n") == {"a": (Label("X"),)}


def test_columns_are_found_by_name_and_a_mark_does_not_matter() -> None:
    data = '\ufeffLabel,ICD-10,file_name\n"AF, new",I48,a b.csv\n'.encode()

    assert parse_labels(data) == {"a b.csv": (Label("AF, new", "I48"),)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "first row"),
        (b"a.csv,NORM\n", "first row"),
        (b"file_name,label\n", "no rows"),
        (b"file_name,label\na.csv\n", "Row 2 has 1 cells"),
        (b"file_name,label\n,X\n", "Row 2 names no file"),
        (b"file_name,label\na, ; \n", "Row 2 has no label"),
        (b"file_name,label,ICD-10\na,X;Y,I48\n", "2 labels and 1 codes"),
        (b"file_name,label\na," + b"x" * 300 + b"\n", "at most 200"),
        (b"file_name,label\na,x\0y\n", "printable"),
        (b"file_name,label,ICD-10\na,x,I\x07\n", "printable"),
        (b'file_name,label\na,"X\n', "quote"),
        (b"file_name,label\na,\xff\n", "UTF-8"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        parse_labels(data)
