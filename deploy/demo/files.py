"""Writes ECGs as the files that departments upload: CSV with named columns, WFDB pairs, NPY; and their labels.

CSV and NPY are in millivolt and state no sampling rate, so the upload declares it; WFDB states rate and gain itself.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from deploy.demo.pathologies import ICD10_CODE, SCP_CODE, Pathology
from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest

ADU_PER_MV: Final = 1000
"""The gain of the WFDB files: one step is a microvolt."""

_LARGEST_ADU: Final = 32_767
_MISSING_ADU: Final = -32_768
_BITS: Final = 16


def write_csv(recording: Recording, path: Path) -> tuple[Path, ...]:
    """Write millivolts to a tenth of a microvolt, a column per lead under its name."""
    row = ",".join(["%.4f"] * len(recording.leads)) + "\n"
    table = (row * recording.samples) % tuple(recording.signal.T.ravel().tolist())
    path.write_text(",".join(recording.leads) + "\n" + table, encoding="ascii")
    return (path,)


def write_npy(recording: Recording, path: Path) -> tuple[Path, ...]:
    """Write millivolts as a float32 array (leads, samples)."""
    with path.open("wb") as file:
        np.save(file, recording.signal, allow_pickle=False)
    return (path,)


def write_wfdb(recording: Recording, path: Path) -> tuple[Path, ...]:
    """Write a header (`path`, which ends in .hea) and, beside it, a .dat of format 16 with 1000 steps per millivolt.

    Raises InvalidRequest where a sample does not fit into 16 bits.
    """
    steps = np.round(recording.signal.astype(np.float64) * ADU_PER_MV)
    if np.nanmax(np.abs(steps), initial=0) > _LARGEST_ADU:
        raise InvalidRequest(
            f"WFDB format 16 holds at most {_LARGEST_ADU / ADU_PER_MV:g} mV at {ADU_PER_MV} steps per mV; "
            f"{path.name} would need more. Write it as NPY."
        )
    stored = np.where(np.isnan(steps), _MISSING_ADU, steps).astype("<i2")
    data = path.with_suffix(".dat")
    data.write_bytes(np.ascontiguousarray(stored.T).tobytes())
    path.write_text(_wfdb_header(recording, stored, data), encoding="ascii")
    return (path, data)


def _wfdb_header(recording: Recording, stored: np.ndarray[tuple[int, ...], np.dtype[np.int16]], data: Path) -> str:
    lines = [f"{data.stem} {len(recording.leads)} {recording.rate_hz:.10g} {recording.samples}"]
    for lead, samples in zip(recording.leads, stored, strict=True):
        checksum = int(samples.sum(dtype=np.int64)) & 0xFFFF
        signed = checksum - 0x10000 if checksum > _LARGEST_ADU else checksum
        lines.append(f"{data.name} {_BITS} {ADU_PER_MV}/mV {_BITS} 0 {samples[0]} {signed} 0 {lead}")
    if recording.age_years is not None:
        lines.append(f"# Age: {recording.age_years:g}")
    if recording.sex is not None:
        lines.append(f"# Sex: {recording.sex.capitalize()}")
    return "\n".join(lines) + "\n"


WRITERS: Final[Mapping[str, Callable[[Recording, Path], tuple[Path, ...]]]] = {
    ".csv": write_csv,
    ".hea": write_wfdb,
    ".npy": write_npy,
}
"""By suffix: each writes one ECG and returns the files it wrote, the one that names the record first."""


def write_labels(path: Path, labels: Iterable[tuple[str, Pathology]]) -> Path:
    """Write `file_name,label,ICD-10` rows, the label being the pathology's SCP-ECG code."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file_name", "label", "ICD-10"])
        table.writerows([name, SCP_CODE[pathology], ICD10_CODE[pathology]] for name, pathology in labels)
    return path
