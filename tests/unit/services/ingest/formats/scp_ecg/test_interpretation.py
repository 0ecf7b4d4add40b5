import struct

from services.ingest.formats.scp_ecg.interpretation import parse_statements


def section(*statements: bytes, count: int | None = None) -> bytes:
    head = bytes(8) + bytes([len(statements) if count is None else count])
    return head + b"".join(struct.pack("<BH", number, len(text)) + text for number, text in enumerate(statements, 1))


def test_words_are_told_line_by_line() -> None:
    assert parse_statements(section(b"SINUS RHYTHM\0", b"NORMAL\x01ECG\0", b"\0"), b"") == (
        "SINUS RHYTHM",
        "NORMAL ECG",
    )


def test_codes_are_told_where_there_are_no_words() -> None:
    codes = section(b"\x01LVH\0PRO\0", b"\x02left axis\0", b"\x03\x01\x02")

    assert parse_statements(b"", codes) == ("LVH PRO", "left axis")
    assert parse_statements(section(b"IN WORDS\0"), codes) == ("IN WORDS",)


def test_what_is_cut_off_is_left_out() -> None:
    whole = section(b"SINUS RHYTHM\0", b"NORMAL ECG\0")

    assert parse_statements(whole[:-14], b"") == ("SINUS RHYTHM",)
    assert parse_statements(section(b"ONE\0", count=255), b"") == ("ONE",)
    assert parse_statements(b"\0" * 5, b"") == ()
