"""Electrocardiographs' files with what they measured themselves, against what the engine measures."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from services.ingest import formats
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import UploadedFile
from services.signal_analysis.engine.measuring import measure
from services.signal_analysis.window import MAX_DURATION_S, Stretch, cut

FILES: Final = (
    "cardiosoft-xml/deepecg_dummy_ecg.xml", "dicom/pydicom_waveform_ecg.dcm", "dicom/ecgtoolkit_Example.dcm",
    "muse-xml/braveheart_example1.xml", "muse-xml/braveheart_example2.xml", "philips-sierra/129DYPRG_1.03.xml",
    "philips-sierra/ad4d3d80-d165_1-04_orig.xml",
)  # fmt: skip
FAR: Final = {("philips-sierra/129DYPRG_1.03.xml", "qrs_duration")}
"""Where the device sees QRS 35 ms longer than any level of the spatial velocity does."""


@cache
def pairs(folder: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """Return by file and measurement what the engine measures and what the device said."""
    found = {}
    for name in FILES:
        path = folder / name
        recording = formats.decode(UploadedFile(path.name, path.read_bytes()), Declaration()).recording
        said = {one.name: one.value for one in recording.acquisition.measurements}
        stretch = Stretch(0, min(MAX_DURATION_S, recording.duration_s))
        for one in measure(cut(recording, stretch)):
            theirs = said.get(one.name)
            if not one.lead and one.value is not None and theirs is not None:
                found[name, one.name] = (one.value, theirs)
    return found


def worst(measurement: str) -> float:
    """Return the difference (ours less the device's) that is farthest from zero, of all files but those in FAR."""
    known = pairs(_folder())
    away = [ours - theirs for key, (ours, theirs) in known.items() if key[1] == measurement and key not in FAR]
    return max(away, key=abs)


def _folder() -> Path:
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    return Path(os.environ.get("EINTHOVEN_DATA", beside)) / "formats"  # noqa: TID251 the suite's own setting
