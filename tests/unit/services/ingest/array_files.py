"""Files of named arrays for the tests: MATLAB of every level, and NPZ."""

import io
from typing import Any

import h5py
import numpy as np
from scipy import io as scipy_io


def mat_of(level: str = "5", *, compressed: bool = False, **variables: object) -> bytes:
    buffer = io.BytesIO()
    scipy_io.savemat(buffer, variables, format=level, do_compression=compressed)
    return buffer.getvalue()


def hdf5_of(**variables: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file:
        for name, value in variables.items():
            file[name] = value.T
    return b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + buffer.getvalue()[512:]


def npz_of(*, compressed: bool = False, **arrays: Any) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()
