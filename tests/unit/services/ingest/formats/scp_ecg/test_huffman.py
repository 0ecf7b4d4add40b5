import numpy as np
import pytest

from services.ingest.formats.scp_ecg.huffman import decode, default_table, parse_tables
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.scp_records import DEFAULT, encoded, packed, tables_of

VALUES = np.array([*range(-140, 140), 32767, -32768, 0, 0, 0])


def test_the_default_table_is_that_of_annex_c() -> None:
    own = parse_tables(tables_of([DEFAULT]))

    for name in ("starts", "ends", "prefix_bits", "bits", "values"):
        np.testing.assert_array_equal(getattr(own[0], name), getattr(default_table(), name))


def test_every_value_is_decoded() -> None:
    np.testing.assert_array_equal(decode(encoded(VALUES, DEFAULT), (default_table(),), len(VALUES)), VALUES)


def test_padding_is_no_sample_and_a_lead_that_ends_early_is_short() -> None:
    data = encoded(VALUES, DEFAULT)

    assert len(decode(data, (default_table(),), 10)) == 10
    assert len(decode(data[:20], (default_table(),), len(VALUES))) < len(VALUES)
    assert len(decode(b"", (default_table(),), 5)) == 0


def test_prefixes_longer_than_16_bits_are_found() -> None:
    table = [("0", 0, 1, 7), ("1" * 31 + "0", 0, 1, 9), ("1" * 32, 32, 1, -5)]
    tables = parse_tables(tables_of([table]))

    data = packed("0" + "1" * 31 + "0" + "1" * 32 + format(3, "032b") + "0")

    assert decode(data, tables, 4).tolist() == [7, 9, -2, 7]


def test_a_code_of_no_table_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no table knows"):
        decode(b"\xff\xff", parse_tables(tables_of([[("0", 0, 1, 0)]])), 3)


@pytest.mark.parametrize(
    "table", [[("0", 0, 0, 2)], [("0", 0, 0, 0)], [("0", 40, 1, 0)]], ids=["a third table", "table 0", "40 bits"]
)
def test_impossible_structures_are_refused(table: list[tuple[str, int, int, int]]) -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        parse_tables(tables_of([table]))
