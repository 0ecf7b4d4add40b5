"""A view as NPY: float32 millivolt, (leads, samples), of overlaid beats (leads, beats, samples)."""

import io

import numpy as np

from services.shared.errors import InvalidRequest
from services.signal_analysis.view import View


def npy(view: View) -> bytes:
    """Return the array; raises InvalidRequest where the view has none, with the reasons."""
    array = view.signal if view.beats is None else view.beats
    if array is None:
        raise InvalidRequest(nothing(view))
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array, dtype="<f4"), allow_pickle=False)
    return buffer.getvalue()


def nothing(view: View) -> str:
    """Say why there are no numbers."""
    reasons = " ".join(remark.text for remark in view.remarks) or "Nothing was found."
    return f"This view of the record has no numbers. {reasons}"
