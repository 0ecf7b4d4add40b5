"""Draws the five views of one ECG from what the platform answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.outcome import View
from deploy.demo.plots import WaveMark, plot_aligned, plot_events, plot_median_beats, plot_qrs, plot_raw

Json = Mapping[str, Any]
Array = NDArray[np.float32]

CAPTIONS: Final = {
    "raw": "The recording as it came, on millimetre paper",
    "qrs": "Every QRS complex of each lead, overlaid",
    "events": "Waves and their boundaries",
    "median-beats": "One median beat per lead",
    "aligned": "The recording warped so that its beats align",
}


def draw_views(get: Callable[[str], Json], record: Json, folder: Path) -> list[View]:
    """Fetch every view of a record by `get(path)`, draw each as a PNG in the folder, and return them, raw first."""
    drawn = []
    for kind, caption in CAPTIONS.items():
        path = folder / f"view-{kind}.png"
        _draw(kind, get(f"/records/{record['record_id']}/views/{kind}"), path, str(record["file_name"]))
        drawn.append(View(caption, path))
    return drawn


def _draw(kind: str, view: Json, path: Path, name: str) -> None:
    if kind == "qrs":
        beats = view["beats"]
        plot_qrs(_array(beats), beats["leads"], beats["rate_hz"], path, peak_index=beats["peak_index"])
        return
    signal, leads, rate_hz = _array(view["signal"]), view["signal"]["leads"], view["signal"]["rate_hz"]
    if kind == "raw":
        plot_raw(signal, leads, rate_hz, path, title=name, subtitle=_heart_rate(view))
    elif kind == "events":
        plot_events(signal, leads, rate_hz, [WaveMark(**wave) for wave in view["waves"]], path)
    elif kind == "median-beats":
        plot_median_beats(signal, leads, rate_hz, path, peak_index=view["beat_peak_index"])
    else:
        plot_aligned(signal, leads, rate_hz, path)


def _array(part: Json) -> Array:
    """Return the millivolts of a part of a view; null is where nothing was recorded."""
    return np.array(part["data"], dtype=np.float32)


def _heart_rate(view: Json) -> str:
    rate = view["heart_rate_bpm"]
    return "" if rate is None else f"{rate:.0f} beats per minute"
