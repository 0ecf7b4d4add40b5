"""Draws the five views of one ECG as PNG files: raw, QRS, events, median beats, aligned.

All take plain arrays as the REST views carry them: signals (leads, samples) and beats (leads, beats, samples) in
millivolt, positions in samples. A lead's constant offset, which means nothing, is taken away. Each returns the
path that it wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo.paper import INK, QUIET, Page, Scale, lead_grid, new_page, row_pitch_mm
from services.shared.errors import InvalidRequest

Millivolt = NDArray[np.floating]

_PAPER_SPEED: Final = Scale(mm_per_s=25.0, mm_per_mv=10.0)
_CLOSE_UP: Final = Scale(mm_per_s=50.0, mm_per_mv=10.0)
_PAGE_S: Final = 10.0
_LEFT_MM: Final = 10.0
_WAVE_COLOR: Final = {"P": "#2f6fb7", "QRS": "#c2303f", "T": "#2b8a57"}
_MEDIAN_COLOR: Final = "#b3162a"
_PANEL_GAP_MM: Final = 5.0


@dataclass(frozen=True, slots=True)
class WaveMark:
    """One wave of one beat as the events view names it; None where a boundary was not found."""

    kind: str
    """"P", "QRS" or "T"."""
    lead: str
    """Empty where it holds for all leads."""
    onset: int | None
    peak: int | None
    offset: int | None


def plot_raw(
    signal: Millivolt,
    leads: Sequence[str],
    rate_hz: float,
    path: Path,
    *,
    title: str = "12-lead ECG",
    subtitle: str = "",
) -> Path:
    """Draw the first ten seconds on millimetre paper, 25 mm/s and 10 mm/mV: three rows of four leads and lead II."""
    rows = _rows_by_lead(signal, leads)
    scale, shown = _PAPER_SPEED, min(signal.shape[1], round(_PAGE_S * rate_hz))
    grid = lead_grid(leads)
    pitch = row_pitch_mm((row[:shown] for row in rows.values()), scale, low=25, high=40)
    page = new_page(_LEFT_MM + 250 + 5, pitch * (len(grid) + 1) + 10)
    for number, names in enumerate(grid):
        middle = page.height_mm - 5 - pitch * (number + 0.5)
        page.calibrate(_LEFT_MM, middle, scale)
        _strips(page, {name: rows[name][:shown] for name in names}, middle, pitch, rate_hz)
    rhythm = "II" if "II" in rows else leads[0]
    page.calibrate(_LEFT_MM, 5 + pitch / 2, scale)
    page.trace(rows[rhythm][:shown], at=(_LEFT_MM, 5 + pitch / 2), rate_hz=rate_hz, scale=scale)
    page.write(_LEFT_MM + 1, 5 + pitch * 0.88, rhythm)
    page.head(title, subtitle, f"{scale}    {rate_hz:g} Hz, unfiltered, offset removed")
    return page.save(path)


def plot_qrs(
    beats: Millivolt,
    leads: Sequence[str],
    rate_hz: float,
    path: Path,
    *,
    peak_index: int,
    title: str = "QRS complexes",
) -> Path:
    """Draw every complex (leads, beats, samples) of a lead over the others, and their median."""
    _expect(beats, 3, "(leads, beats, samples)", leads)
    count = beats.shape[1]
    page, corners, middle = _panels(beats, leads, rate_hz)
    for lead, (x, y) in corners.items():
        of_lead = beats[leads.index(lead)]
        place = (x, y + middle)
        for beat in of_lead:
            page.trace(beat, at=place, rate_hz=rate_hz, scale=_CLOSE_UP, color=INK, width=0.5, alpha=0.35)
        if count:
            page.trace(
                np.median(of_lead, axis=0), at=place, rate_hz=rate_hz, scale=_CLOSE_UP, color=_MEDIAN_COLOR, width=1.1
            )
        _mark_peak(page, x + peak_index / rate_hz * _CLOSE_UP.mm_per_s, y, 2 * middle)
    page.head(title, f"{count} beats over one another, their median in red", f"{_CLOSE_UP}    dotted: R peak")
    return page.save(path)


def plot_events(
    signal: Millivolt,
    leads: Sequence[str],
    rate_hz: float,
    waves: Sequence[WaveMark],
    path: Path,
    *,
    title: str = "Waves and their boundaries",
) -> Path:
    """Draw the native signal, a row per lead, every P, QRS and T shaded from onset to offset, its peak dotted."""
    rows = _rows_by_lead(signal, leads)
    shown = min(signal.shape[1], round(_PAGE_S * rate_hz))
    pitch = row_pitch_mm((row[:shown] for row in rows.values()), _PAPER_SPEED, low=15, high=25)
    page = new_page(_LEFT_MM + 250 + 5, pitch * len(leads) + 10)
    for number, (lead, row) in enumerate(rows.items()):
        middle = page.height_mm - 5 - pitch * (number + 0.5)
        _shade(page, [wave for wave in waves if wave.lead in ("", lead)], row[:shown], middle, pitch, rate_hz)
        page.trace(row[:shown], at=(_LEFT_MM, middle), rate_hz=rate_hz, scale=_PAPER_SPEED)
        page.write(2, middle - 1, lead)
    found = "    ".join(f"{sum(wave.kind == kind for wave in waves)} {kind}" for kind in _WAVE_COLOR)
    page.head(title, f"marks: {found}", f"{_PAPER_SPEED}    blue P, red QRS, green T; dots at the peaks")
    return page.save(path)


def plot_median_beats(
    beats: Millivolt,
    leads: Sequence[str],
    rate_hz: float,
    path: Path,
    *,
    peak_index: int,
    title: str = "Median beats",
) -> Path:
    """Draw one median beat (leads, samples) per lead."""
    _expect(beats, 2, "(leads, samples)", leads)
    page, corners, middle = _panels(beats[:, None, :], leads, rate_hz)
    for lead, (x, y) in corners.items():
        page.trace(beats[leads.index(lead)], at=(x, y + middle), rate_hz=rate_hz, scale=_CLOSE_UP, color=INK, width=1.1)
        _mark_peak(page, x + peak_index / rate_hz * _CLOSE_UP.mm_per_s, y, 2 * middle)
    page.head(title, "the median over all beats, sample by sample", f"{_CLOSE_UP}    dotted: R peak")
    return page.save(path)


def plot_aligned(
    signal: Millivolt, leads: Sequence[str], rate_hz: float, path: Path, *, title: str = "Time-aligned ECG"
) -> Path:
    """Draw the warped signal (leads, samples), a row per lead; NaN, as alignment leaves at the ends, stays empty."""
    rows = _rows_by_lead(signal, leads)
    scale = Scale(mm_per_s=250 / (signal.shape[1] / rate_hz), mm_per_mv=8.0)
    pitch = row_pitch_mm(rows.values(), scale, low=12, high=22)
    page = new_page(_LEFT_MM + 250 + 5, pitch * len(leads) + 10, ruled=False)
    for number, (lead, row) in enumerate(rows.items()):
        middle = page.height_mm - 5 - pitch * (number + 0.5)
        page.axes.hlines(middle, _LEFT_MM, _LEFT_MM + 250, colors="#e6dfe2", linewidths=0.5, zorder=1)
        page.trace(row, at=(_LEFT_MM, middle), rate_hz=rate_hz, scale=scale)
        page.write(2, middle - 1, lead)
    page.head(title, "beats moved onto a common rhythm", "time is warped: no interval can be read off this view")
    return page.save(path)


def _strips(page: Page, strips: Mapping[str, Millivolt], middle: float, pitch: float, rate_hz: float) -> None:
    """Draw consecutive parts of a row's leads one after the other, as electrocardiographs print them."""
    for number, (lead, row) in enumerate(strips.items()):
        first, last = (row.size * part // len(strips) for part in (number, number + 1))
        x = _LEFT_MM + first / rate_hz * _PAPER_SPEED.mm_per_s
        page.trace(row[first:last], at=(x, middle), rate_hz=rate_hz, scale=_PAPER_SPEED)
        page.write(x + 1, middle + pitch * 0.38, lead)
        if number:
            page.axes.vlines(x, middle - 3, middle + 3, colors=QUIET, linewidths=0.6, zorder=3)


def _panels(
    beats: Millivolt, leads: Sequence[str], rate_hz: float
) -> tuple[Page, dict[str, tuple[float, float]], float]:
    """Return a page, the lower left corner of every lead's panel, and how far above it 0 mV lies."""
    width = np.ceil(beats.shape[2] / rate_hz * _CLOSE_UP.mm_per_s / 5) * 5 + _PANEL_GAP_MM
    tallest = float(np.nanmax(np.abs(beats), initial=0.5)) * _CLOSE_UP.mm_per_mv
    middle = float(np.clip(np.ceil(tallest / 5) * 5, 10, 30))
    grid = lead_grid(leads)
    page = new_page(float(width) * len(grid[0]) + _PANEL_GAP_MM, 2 * middle * len(grid) + 10)
    corners = {}
    for number, names in enumerate(grid):
        for column, lead in enumerate(names):
            x, y = _PANEL_GAP_MM + float(width) * column, page.height_mm - 5 - 2 * middle * (number + 1)
            corners[lead] = (x, y)
            page.write(x + 1, y + 2 * middle - 5, lead)
    return page, corners, middle


def _mark_peak(page: Page, x: float, y: float, height: float) -> None:
    page.axes.vlines(x, y + 2, y + height - 2, colors=QUIET, linewidths=0.6, linestyles=":", zorder=3)


def _shade(page: Page, waves: Sequence[WaveMark], row: Millivolt, middle: float, pitch: float, rate_hz: float) -> None:
    step = _PAPER_SPEED.mm_per_s / rate_hz
    for wave in waves:
        color = _WAVE_COLOR.get(wave.kind, QUIET)
        if wave.onset is not None and wave.offset is not None and wave.onset < row.size:
            left, right = (_LEFT_MM + step * min(place, row.size) for place in (wave.onset, wave.offset))
            page.axes.fill_betweenx(
                [middle - pitch * 0.46, middle + pitch * 0.46],
                left,
                right,
                color=color,
                alpha=0.2,
                linewidth=0,
                zorder=2,
            )
        if wave.peak is not None and wave.peak < row.size:
            height = middle + float(row[wave.peak]) * _PAPER_SPEED.mm_per_mv
            page.axes.plot(_LEFT_MM + step * wave.peak, height, ".", color=color, markersize=3.2, zorder=5)


def _rows_by_lead(signal: Millivolt, leads: Sequence[str]) -> dict[str, Millivolt]:
    _expect(signal, 2, "(leads, samples)", leads)
    return {lead: _without_offset(row) for lead, row in zip(leads, signal, strict=True)}


def _without_offset(row: Millivolt) -> Millivolt:
    recorded = row[np.isfinite(row)]
    return row - np.median(recorded) if recorded.size else row


def _expect(array: Millivolt, dimensions: int, shape: str, leads: Sequence[str]) -> None:
    if array.ndim != dimensions or array.shape[0] != len(leads) or array.shape[-1] == 0:
        raise InvalidRequest(f"A plot of {len(leads)} leads takes {shape} with samples, not {array.shape}.")
