import pytest

from services.ingest.formats.scp_ecg.container import is_record, parse_record
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.scp_records import record_of

WHOLE = record_of({1: b"one", 3: b"three"})


def test_sections_are_found_with_their_checksums() -> None:
    record = parse_record(WHOLE)

    assert record.bodies == {1: b"one", 3: b"three"}
    assert record.damaged == ()


def test_records_of_older_protocols_bear_no_mark() -> None:
    assert is_record(WHOLE.replace(b"SCPECG", bytes(6)))
    assert not is_record(bytes(300))
    assert not any(is_record(WHOLE[:length]) for length in range(32))


def test_what_is_damaged_is_named() -> None:
    assert parse_record(WHOLE.replace(b"three", b"thrEe")).damaged == ("the record", "section 3")


def test_a_pointer_to_another_section_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="section 1 was expected where 3 lies"):
        parse_record(_swapped())


def _swapped() -> bytes:
    first, second = 6 + 16 + 10, 6 + 16 + 30
    data = bytearray(WHOLE)
    data[first + 2 : first + 10], data[second + 2 : second + 10] = (
        WHOLE[second + 2 : second + 10],
        WHOLE[first + 2 : first + 10],
    )
    return bytes(data)
