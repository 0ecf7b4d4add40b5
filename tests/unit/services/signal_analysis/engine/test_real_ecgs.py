"""Real ECGs: LUDB with its cardiologists' marks, electrocardiographs' files with what they printed."""

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from services.ingest import formats
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import UploadedFile
from services.signal_analysis.engine.measuring import measure
from services.signal_analysis.window import Stretch, cut
from tests.bench import fit_boundaries, ludb

DEVICES: Final = {
    "cardiosoft-xml/deepecg_dummy_ecg.xml", "dicom/pydicom_waveform_ecg.dcm", "dicom/ecgtoolkit_Example.dcm",
    "muse-xml/braveheart_example1.xml", "muse-xml/braveheart_example2.xml", "philips-sierra/129DYPRG_1.03.xml",
    "philips-sierra/ad4d3d80-d165_1-04_orig.xml",
}  # fmt: skip
TOLERANCES: Final = {
    "pr_interval": 15, "qrs_duration": 10, "qt_interval": 25, "p_axis": 10, "qrs_axis": 10, "t_axis": 10,
    "heart_rate": 1,
}  # fmt: skip
FAR: Final = {("philips-sierra/129DYPRG_1.03.xml", "qrs_duration")}
"""Where the device sees QRS 35 ms longer than any level of the spatial velocity does."""


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


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_devices_measure_the_same(data_dir: Path, name: str) -> None:
    path = data_dir / "formats" / name
    recording = formats.decode(UploadedFile(path.name, path.read_bytes()), Declaration()).recording
    said = {one.name: one.value for one in recording.acquisition.measurements}

    found = {one.name: one.value for one in measure(cut(recording, Stretch(0, min(60, recording.duration_s))))}

    for measurement, within in TOLERANCES.items():
        if measurement in said and (name, measurement) not in FAR:
            assert found[measurement] == pytest.approx(said[measurement], abs=within), measurement
