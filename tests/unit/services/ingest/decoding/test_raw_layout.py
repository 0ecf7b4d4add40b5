from typing import Any

import numpy as np
import pytest

from services.ingest.decoding.raw_layout import SAMPLE_TYPES, RawLayout
from services.shared.errors import InvalidRequest, UnreadableFile

RAW = np.arange(36).reshape(12, 3)


@pytest.mark.parametrize("sample_type", SAMPLE_TYPES)
@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_every_type_and_byte_order_is_read(sample_type: str, byte_order: str) -> None:
    written = RAW.T.astype(("<" if byte_order == "little" else ">") + SAMPLE_TYPES[sample_type]).tobytes()

    np.testing.assert_array_equal(RawLayout(sample_type, byte_order).samples_of(written), RAW)


def test_leads_may_lie_one_after_the_other_behind_a_header() -> None:
    layout = RawLayout("int16", lead_count=12, interleaved=False, header_bytes=7)

    np.testing.assert_array_equal(layout.samples_of(b"header!" + RAW.astype("<i2").tobytes()), RAW)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (512 + 25, "holds 25, which is no multiple of 24 .12 leads x 2 bytes"),
        (512, "at least 24"),
        (0, "has 0"),
    ],
)
def test_sizes_that_do_not_divide_are_refused(size: int, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        RawLayout("int16", header_bytes=512).samples_of(bytes(size))


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_type": "float12"},
        {"byte_order": "middle"},
        {"lead_count": 0},
        {"lead_count": 65},
        {"header_bytes": -1},
        {"header_bytes": 1 << 40},
    ],
)
def test_impossible_layouts_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=str(next(iter(wrong)))):
        RawLayout(**{"sample_type": "int16", **wrong})
