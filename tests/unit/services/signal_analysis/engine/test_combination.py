"""Fitted combinations, and the file that holds them."""

import json

import numpy as np
import pytest

from services.signal_analysis.engine.combination import FILE, Combination, fitted, pulled_in


def test_a_fit_finds_the_weights_in_spite_of_odd_marks() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(scale=10, size=(500, 3))
    truth = 4 + features @ np.array([0.5, 0.3, 0.0])
    truth[::50] += 300

    found = Combination.fitted(features, truth, 1.0)

    assert found.weights == pytest.approx([0.5, 0.3, 0.0], abs=0.05)
    assert found(np.zeros((2, 3))) == pytest.approx([4, 4], abs=0.6)


def test_places_are_pulled_in_to_their_median() -> None:
    assert pulled_in(np.array([[1.0, 2.0, 90.0]]), 5.0).tolist() == [[1.0, 2.0, 7.0]]


def test_the_file_has_every_combination_and_its_provenance() -> None:
    document = json.loads(FILE.read_text(encoding="utf-8"))

    assert {"data", "reference", "fit", "cross_validated"} <= document["provenance"].keys()
    assert {f"{kind}_{side}" for kind in ("p", "qrs", "t") for side in ("onset", "offset")} <= fitted().keys()
