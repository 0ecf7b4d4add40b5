"""NPY: a float32 array (leads, samples) in millivolt."""

import io

import numpy as np

from services.ingest.exporting.base import ExportedEcg

NAME = "npy"
MEDIA_TYPE = "application/octet-stream"
SUFFIX = ".npy"


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as an NPY file."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(ecg.signal, dtype="<f4"), allow_pickle=False)
    return buffer.getvalue()
