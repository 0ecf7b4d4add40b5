"""Amplitudes and the indices that follow from them."""

import numpy as np
import pytest

from services.signal_analysis.engine.voltages import Voltages, indices, qrs_waves


def lead(*, q: float | None = None, r: float | None = None, s: float | None = None) -> Voltages:
    return Voltages(None, q, r, s, None, ())


@pytest.mark.parametrize(
    ("samples", "waves"),
    [
        ([0, -0.1, 1.0, -0.3, 0], (-0.1, 1.0, -0.3)),
        ([0, 1.0, 0.2, 0], (None, 1.0, None)),
        ([0, -0.8, -1.2, 0.01], (-1.2, None, None)),
        ([0, 0.01, -0.01, 0], (None, None, None)),
    ],
)
def test_q_r_and_s_are_what_lies_before_at_and_after_the_largest(
    samples: list[float], waves: tuple[float | None, ...]
) -> None:
    assert qrs_waves(np.array(samples)) == waves


def test_indices_add_r_and_the_depth_of_s_or_qs() -> None:
    leads = {"V1": lead(r=0.1, s=-1.5), "V3": lead(q=-1.0), "V5": lead(r=1.2), "V6": lead(r=1.4), "aVL": lead(r=0.5)}

    sokolow, cornell, product = indices(leads, 100.0, "")

    assert (sokolow.value, cornell.value, product.value) == (2.9, 1.5, 150.0)


def test_an_index_without_its_leads_says_which_it_needs() -> None:
    sokolow, cornell, _ = indices({"V1": lead(r=0.1, s=-1.5)}, 100.0, "")

    assert (sokolow.value, cornell.value) == (None, None)
    assert "V5" in sokolow.reason
    assert "aVL" in cornell.reason
