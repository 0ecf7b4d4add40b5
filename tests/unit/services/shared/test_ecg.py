"""What a recording refuses to be."""

import numpy as np
import pytest

from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest


def test_a_recording_knows_its_length() -> None:
    recording = Recording(np.zeros((2, 500), np.float32), ("I", "II"), 250.0)

    assert recording.duration_s == 2.0


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(InvalidRequest, match="is impossible"):
        Recording(np.zeros((2, 500), np.float32), ("I", "II"), rate_hz)


def test_a_lead_named_twice_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="named twice"):
        Recording(np.zeros((2, 500), np.float32), ("I", "I"), 500.0)


def test_names_and_rows_must_agree() -> None:
    with pytest.raises(InvalidRequest, match="1 lead names were given for 2 leads"):
        Recording(np.zeros((2, 500), np.float32), ("I",), 500.0)


def test_an_empty_recording_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no samples"):
        Recording(np.zeros((2, 0), np.float32), ("I", "II"), 500.0)
