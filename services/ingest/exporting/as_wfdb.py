"""WFDB: a zip of a header and a signal file of format 16, gain and baseline per lead."""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from services.ingest.exporting.base import ExportedEcg

NAME = "wfdb"
MEDIA_TYPE = "application/zip"
SUFFIX = ".zip"


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as a zipped WFDB record that is named by its id."""
    import wfdb  # noqa: PLC0415 a heavy import that not every process needs

    comments = [f"Age: {ecg.age_years:g}"] if ecg.age_years is not None else []
    comments += [f"Sex: {ecg.sex}"] if ecg.sex else []
    with tempfile.TemporaryDirectory(prefix="einthoven-") as folder:
        wfdb.wrsamp(
            ecg.record_id,
            fs=ecg.rate_hz,
            units=["mV"] * len(ecg.leads),
            sig_name=list(ecg.leads),
            p_signal=ecg.signal.T.astype(np.float64),
            fmt=["16"] * len(ecg.leads),
            comments=comments,
            write_dir=folder,
        )
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for suffix in (".hea", ".dat"):
                archive.write(Path(folder, ecg.record_id + suffix), ecg.record_id + suffix)
    return buffer.getvalue()
