"""Real ECGs: LUDB with its cardiologists' marks, electrocardiographs' files with what they printed."""

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.bench import devices, fit_boundaries, ludb

TOLERANCES: Final = {
    "pr_interval": 15, "qrs_duration": 10, "qt_interval": 25, "p_axis": 10, "qrs_axis": 10, "t_axis": 10,
    "heart_rate": 1,
}  # fmt: skip


@cache
def figures() -> dict[str, dict[str, float]]:
    scores = fit_boundaries.new_scores()
    fit_boundaries.score(ludb.RECORDS, None, scores)
    return fit_boundaries.figures(scores)


@pytest.mark.parametrize(("kind", "least"), [("P", 97.0), ("QRS", 99.5), ("T", 97.0)])
def test_ludb_waves_are_found_and_few_others(data_dir: Path, kind: str, least: float) -> None:
    assert figures()[kind]["sensitivity"] >= least
    assert figures()[kind]["predictivity"] >= least


@pytest.mark.parametrize(
    ("kind", "side", "mean_ms", "sd_ms"),
    [
        ("P", "onset", 8, 13),
        ("P", "offset", 8, 13),
        ("QRS", "onset", 4, 8.5),
        ("QRS", "offset", 4, 8.5),
        ("T", "offset", 10, 20),
    ],
)
def test_ludb_boundaries_are_as_near_as_cardiologists_are(
    data_dir: Path, kind: str, side: str, mean_ms: float, sd_ms: float
) -> None:
    assert abs(figures()[kind][f"{side}_mean_ms"]) <= mean_ms
    assert figures()[kind][f"{side}_sd_ms"] <= sd_ms


@pytest.mark.parametrize("measurement", sorted(TOLERANCES))
def test_devices_measure_the_same(data_dir: Path, measurement: str) -> None:
    known = {key: pair for key, pair in devices.pairs(data_dir / "formats").items() if key not in devices.FAR}
    compared = {key: pair for key, pair in known.items() if key[1] == measurement}

    assert compared
    for key, (ours, theirs) in compared.items():
        assert ours == pytest.approx(theirs, abs=TOLERANCES[measurement]), key
