"""The median of beats is numpy's."""

import numpy as np
import pytest

from services.signal_analysis.median_beat import median_beat


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9])
def test_it_is_numpys_median(count: int) -> None:
    beats = np.random.default_rng(count).normal(size=(12, count, 50)).astype(np.float32)

    median = median_beat(beats)

    assert median.dtype == np.float32
    np.testing.assert_allclose(median, np.median(beats, axis=1), rtol=1e-6)
