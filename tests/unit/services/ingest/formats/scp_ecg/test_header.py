import struct
from datetime import datetime

import pytest

from services.ingest.formats.scp_ecg.header import Header, parse_header
from tests.unit.services.ingest.scp_records import header_of


@pytest.mark.parametrize(
    ("value", "unit", "years"), [(63, 1, 63), (6, 2, 0.5), (0, 0, None), (999, 1, None), (40, 0, None)]
)
def test_ages_come_in_units(value: int, unit: int, years: float | None) -> None:
    assert parse_header(header_of(t4=struct.pack("<HB", value, unit))).age_years == years


def test_acquisition_and_filters_are_kept() -> None:
    header = parse_header(
        header_of(
            t25=struct.pack("<HBB", 2024, 2, 29),
            t26=bytes([9, 10, 11]),
            t27=b"\x05\x00",
            t28=struct.pack("<H", 150),
            t29=b"\x02",
        )
    )

    assert header.acquired == datetime(2024, 2, 29, 9, 10, 11)  # noqa: DTZ001 devices state no zone
    assert (header.high_pass_hz, header.low_pass_hz, header.notch_hz) == (0.05, 150, 50)


@pytest.mark.parametrize("body", [b"", b"\x02", b"\x02\xff\xff1", header_of(t25=b"\0\0\0\0", t8=b"", t14=b"x")])
def test_what_is_damaged_is_unknown(body: bytes) -> None:
    assert parse_header(body) == Header()
