"""JSON: leads, rate and millivolt as nested lists; null where nothing was recorded."""

import json
from typing import Final

import numpy as np

from services.ingest.exporting.base import ExportedEcg
from services.shared.errors import TooLarge

NAME = "json"
MEDIA_TYPE = "application/json"
SUFFIX = ".json"

_MAX_VALUES: Final = 5_000_000
_DECIMALS: Final = 6


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as JSON, to the nanovolt."""
    if ecg.signal.size > _MAX_VALUES:
        raise TooLarge(f"The signal has {ecg.signal.size} values, too many for JSON; ask for npy, or a lower rate.")
    rows = np.round(ecg.signal.astype(np.float64), _DECIMALS)
    data = [[None if value != value else value for value in row] for row in rows.tolist()]  # noqa: PLR0124 NaN alone differs from itself
    head = {"record_id": ecg.record_id, "leads": ecg.leads, "rate_hz": ecg.rate_hz, "samples": ecg.signal.shape[1]}
    return json.dumps({**head, "unit": "mV", "data": data}, allow_nan=False, separators=(",", ":")).encode()
