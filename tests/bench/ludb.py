"""LUDB records 1 to 100 as the benches read them."""

import os
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import wfdb

from services.shared.ecg import STANDARD_LEADS, Signal

RATE_HZ: Final = 500.0
RECORDS: Final = range(1, 101)
PACED: Final = frozenset({8, 34, 45, 72, 74, 90, 93, 95})
"""Records with pacing among their diagnoses ("pacing", "P-synchrony")."""


@cache
def signals() -> tuple[Signal, ...]:
    """Return the records, (12, 5000) millivolt in canonical order each."""
    return tuple(_read(number) for number in RECORDS)


def _read(number: int) -> Signal:
    record = wfdb.rdrecord(str(folder() / str(number)))
    names = [name.lower() for name in record.sig_name]
    order = [names.index(name.lower()) for name in STANDARD_LEADS]
    return np.ascontiguousarray(record.p_signal.T[order], dtype=np.float32)


def folder() -> Path:
    """Return where LUDB lies; EINTHOVEN_DATA names the folder above it."""
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("EINTHOVEN_DATA", beside)) / "ludb"  # noqa: TID251 the suite's own setting
    if not folder.is_dir():
        raise RuntimeError(f"There is no LUDB at {folder}; set EINTHOVEN_DATA to the folder above.")
    return folder
