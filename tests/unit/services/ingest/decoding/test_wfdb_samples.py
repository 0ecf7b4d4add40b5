import numpy as np
import pytest

from services.ingest.decoding.wfdb_samples import (
    bytes_of,
    flac_frames,
    is_flac,
    is_known,
    missing_code,
    samples_in,
    unpack,
    unpack_flac,
)
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.wfdb_files import RANGES, flac, packed

PLAIN = [code for code in RANGES if not is_flac(code)]
COMPRESSED = [code for code in RANGES if is_flac(code)]


def some(code: str, count: int) -> list[int]:
    low, high = RANGES[code]
    return [low, high, -1, 0, 1, *np.random.default_rng(0).integers(low, high, count, endpoint=True).tolist()][:count]


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.parametrize("count", [5, 6, 7, 600])
def test_every_number_of_a_format_is_read(code: str, count: int) -> None:
    numbers = some(code, count)

    assert unpack(b"prolog" + packed(code, numbers), code, count, 6).tolist() == numbers


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.parametrize("count", range(1, 8))
def test_no_more_bytes_are_asked_for_than_the_numbers_take(code: str, count: int) -> None:
    size = bytes_of(code, count)
    data = packed(code, some(code, count))

    assert size <= len(data) < size + 3
    assert unpack(data[:size], code, count, 0).tolist() == some(code, count)
    assert samples_in(code, size - 1) < count <= samples_in(code, size)


def test_the_two_spare_bits_of_format_311_do_not_count() -> None:
    data = bytearray(packed("311", [1, 2, 3]))
    data[3] |= 0xC0

    assert unpack(bytes(data), "311", 3, 0).tolist() == [1, 2, 3]


@pytest.mark.parametrize("code", PLAIN[1:])
def test_the_code_for_a_missing_sample_is_the_least_number(code: str) -> None:
    assert missing_code(code) == RANGES[code][0]


def test_format_8_has_no_code_for_a_missing_sample() -> None:
    assert missing_code("8") is None


@pytest.mark.parametrize("code", COMPRESSED)
def test_flac_is_read_from_an_offset_in_samples(code: str) -> None:
    channels = np.array(some(code, 600)).reshape(-1, 3)
    data = flac(code, channels)

    assert flac_frames(data, code, 3) == 200
    np.testing.assert_array_equal(unpack_flac(data, code, 3, 150, 50), channels[50:])
    np.testing.assert_array_equal(unpack_flac(data, code, 3, 10**12, 0), channels)


def test_flac_of_fewer_bits_than_announced_is_read() -> None:
    channels = np.array(some("508", 600)).reshape(-1, 2)

    np.testing.assert_array_equal(unpack_flac(flac("508", channels), "524", 2, 300, 0), channels)


@pytest.mark.parametrize(
    ("code", "channels", "cut", "message"),
    [
        ("516", 3, slice(None), "2 channels of PCM_16; the header announces 3 of 16 bits"),
        ("508", 2, slice(None), "the header announces 2 of 8 bits"),
        ("516", 2, slice(1, None), "the signal file is none"),
        ("516", 2, slice(30), "damaged"),
    ],
)
def test_flac_that_does_not_fit_is_refused(code: str, channels: int, cut: slice, message: str) -> None:
    data = flac("516", np.zeros((100, 2), int))[cut]

    with pytest.raises(UnreadableFile, match=message):
        unpack_flac(data, code, channels, 100, 0)


def test_formats_of_the_standard_are_known() -> None:
    assert all(map(is_known, RANGES))
    assert not is_known("17")
