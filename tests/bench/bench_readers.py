"""How many ECGs of 12 leads x 10 s at 500 Hz one core reads, format by format, against the least that reading takes.

The floor is what the library of a format does with the same file, in millivolt; where none is in common use, it is
reading the bytes and seeing them as numbers (`np.frombuffer`), or a bare parse of the XML. Ours is all that ingest does
to a file: it is recognised, read, its leads named and ordered, its samples scaled to millivolt, checked and remarked
upon.
"""

import os
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.csv
import pydicom
import scipy.io
import wfdb

from services.ingest.formats import decode, names
from services.ingest.formats.base import UploadedFile
from tests.bench.row import Row
from tests.fuzz.samples import WHOLE, microvolts

SAMPLES: Final = 5000
ROUNDS: Final = 15
ROUND_SECONDS: Final = 0.1
GOAL_RATIO: Final = 0.7
RATES: Final = {"muse-xml": 500.0, "dicom": 500.0, "cardiosoft-xml": 250.0, "aecg": 250.0}
"""ECG/s that one core is to reach."""
Floor = Callable[[Path], Any]


def _bytes(path: Path) -> Any:
    data = path.read_bytes()
    return np.frombuffer(data, "<i2", len(data) // 2).astype(np.float32)


def _xml(path: Path) -> Any:
    return ET.fromstring(path.read_bytes())  # noqa: S314 a file of our own


def _dicom(path: Path) -> Any:
    group = pydicom.dcmread(path).WaveformSequence[0]
    raw = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 12).T
    scales = [float(channel.ChannelSensitivity) for channel in group.ChannelDefinitionSequence]
    return raw * np.array(scales, np.float32)[:, None]


def _csv(path: Path) -> Any:
    table = pyarrow.csv.read_csv(path, read_options=pyarrow.csv.ReadOptions(use_threads=False))
    return np.stack([column.to_numpy() for column in table.columns]).astype(np.float32)


LIBRARY: Final[Mapping[str, Floor]] = {
    "wfdb": lambda path: wfdb.rdrecord(str(path.with_suffix(""))),
    "npy": np.load,
    "npz": lambda path: np.load(path)["ecg"],
    "mat": lambda path: (scipy.io.loadmat(path)["val"] / 1000).astype(np.float32),
    "dicom": _dicom,
    "csv": _csv,
}
"""The library call of the formats that have one."""
_XML: Final = ("aecg", "muse-xml", "cardiosoft-xml", "philips-sierra")


@dataclass(frozen=True, slots=True)
class Measured:
    """Files per second."""

    ours: float
    floor: float


def measure(name: str) -> Row:
    """Read one file of a format over and over, ours and its floor in turn, on one core."""
    floor = LIBRARY.get(name, _xml if name in _XML else _bytes)
    with tempfile.TemporaryDirectory(prefix="einthoven-bench-") as folder:
        sample = WHOLE[name](microvolts(SAMPLES))
        path = Path(folder, sample.file.name)
        path.write_bytes(sample.file.data)
        for other, data in sample.file.companions.items():
            Path(folder, other).write_bytes(data)

        def ours() -> None:
            beside = {other: Path(folder, other).read_bytes() for other in sample.file.companions}
            found = decode(UploadedFile(path.name, path.read_bytes(), beside), sample.declaration)
            if (found.format_name, found.recording.samples) != (name, SAMPLES):
                raise RuntimeError(f"{path.name} was not read as the {name} file that it is.")

        measured = _on_one_core(ours, partial(floor, path))
    ratio = measured.ours / measured.floor
    goals = {f">= {RATES[name]:g} ECG/s per core": measured.ours >= RATES[name]} if name in RATES else {}
    goals |= {f"ratio >= {GOAL_RATIO}": ratio >= GOAL_RATIO} if name in LIBRARY else {}
    goal = ", ".join(goals) or "told"
    return Row(row_name(name), measured.ours, "ECG/s per core", goal, all(goals.values()), measured.floor, ratio)


def _on_one_core(ours: Callable[[], Any], floor: Callable[[], Any]) -> Measured:
    """Return the best of several short rounds of each, by turns, so that what else runs here weighs on none."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        ours(), floor()
        rounds = [(_rate(ours), _rate(floor)) for _ in range(ROUNDS)]
    finally:
        os.sched_setaffinity(0, cores)
    return Measured(max(ours for ours, _ in rounds), max(floor for _, floor in rounds))


def _rate(call: Callable[[], Any]) -> float:
    calls, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < ROUND_SECONDS:
        call()
        calls += 1
    return calls / seconds


def row_name(name: str) -> str:
    """Return how the row of a format is called."""
    return f"read_{name.replace('-', '_')}"


BENCHES: Final = {row_name(name): partial(measure, name) for name in names()}
