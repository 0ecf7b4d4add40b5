import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.decoding.digits import millivolt_of, number_of, samples_of, stacked
from services.shared.errors import UnreadableFile

SEPARATORS = st.sampled_from([" ", ",", "\n\t", ", ", ";", "\r\n   "])


@given(st.lists(st.integers(-(10**9) + 1, 10**9 - 1), max_size=30), SEPARATORS, SEPARATORS)
def test_whole_numbers_are_read_as_they_are_written(values: list[int], separator: str, edge: str) -> None:
    text = edge + separator.join(map(str, values)) + edge

    np.testing.assert_array_equal(samples_of(text, "I"), np.array(values, dtype=np.float32))


@given(st.lists(st.floats(-1e6, 1e6, width=32), max_size=10), SEPARATORS)
def test_other_numbers_are_read_too(values: list[float], separator: str) -> None:
    np.testing.assert_allclose(
        samples_of(separator.join(map(repr, values)), "I"), np.array(values, dtype=np.float32), rtol=1e-6
    )


def test_plus_signs_and_long_numbers() -> None:
    np.testing.assert_array_equal(
        samples_of("+1 -2 12345678901", "I"), np.array([1, -2, 12345678901], dtype=np.float32)
    )
    assert len(samples_of(" \n ", "I")) == 0


@pytest.mark.parametrize("text", ["1 x 2", "1 - 2", "--1", "1-2", "0x10", "１ ２ three", "1.2.3", "-"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="samples of lead I are not all numbers"):
        samples_of(text, "lead I")


def test_single_numbers() -> None:
    assert (number_of(" 2.5 "), number_of("-1e3")) == (2.5, -1000)
    assert [number_of(text) for text in ("", "x", "nan", "inf", "1 2")] == [None] * 5


def test_leads_of_different_lengths_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="differ in length: I 2, II 3"):
        stacked([np.zeros(2, np.float32), np.zeros(3, np.float32)], ("I", "II"), "XML")


def test_millivolt_and_what_overflows() -> None:
    raw = np.array([-2, 0, 4])

    np.testing.assert_allclose(millivolt_of(raw, 0.5, 1.0), [0, 1, 3])
    assert np.isinf(millivolt_of(raw, 1e300)[[0, 2]]).all()
    assert np.isinf(samples_of("1e300", "I")).all()


@pytest.mark.parametrize("separator", [" ", ",", "\n"])
def test_long_texts_are_read_in_parts(separator: str) -> None:
    values = np.random.default_rng(0).integers(-9999, 9999, 100_000)
    text = separator.join(map(str, values.tolist()))

    np.testing.assert_array_equal(samples_of(text, "lead I"), values)
    np.testing.assert_allclose(samples_of(text + separator + "1.5", "lead I")[-2:], [values[-1], 1.5])
    with pytest.raises(UnreadableFile, match="lead I are not all numbers"):
        samples_of(text + separator + "x", "lead I")
