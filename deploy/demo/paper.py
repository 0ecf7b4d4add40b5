"""Millimetre paper to draw ECGs on: one unit of the axes is one millimetre of the printed page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI: Final = 160
MARGIN_MM: Final = 8.0
HEADER_MM: Final = 15.0
FOOTER_MM: Final = 9.0
INK: Final = "#15151f"
QUIET: Final = "#5d5560"

_MM_PER_INCH: Final = 25.4
_PAPER: Final = "#fffdfb"
_FINE: Final = "#f8dcd5"
_BOLD: Final = "#eeb0a4"
_TRACE_PT: Final = 0.8
_FONT: Final = "DejaVu Sans"
_CALIBRATION_MM: Final = 5.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How time and voltage become millimetres."""

    mm_per_s: float
    mm_per_mv: float

    def __str__(self) -> str:
        return f"{self.mm_per_s:g} mm/s    {self.mm_per_mv:g} mm/mV"


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet whose gridded field lies between header and footer; the origin is the field's lower left corner."""

    figure: "Figure"
    axes: "Axes"
    width_mm: float
    height_mm: float

    def write(self, x: float, y: float, text: str, *, size: float = 8.0, color: str = INK) -> None:
        """Write text whose left baseline is at that point, readable over traces."""
        box = {"facecolor": _PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
        self.axes.text(x, y, text, fontsize=size, color=color, family=_FONT, va="baseline", zorder=6, bbox=box)

    def trace(  # noqa: PLR0913 a trace has a place, a scale and a look
        self,
        millivolt: NDArray[np.floating],
        *,
        at: tuple[float, float],
        rate_hz: float,
        scale: Scale,
        color: str = INK,
        width: float = _TRACE_PT,
        alpha: float = 1.0,
    ) -> None:
        """Draw a signal whose first sample at 0 mV is at that point; NaN leaves a gap."""
        x = at[0] + np.arange(millivolt.shape[-1]) / rate_hz * scale.mm_per_s
        y = at[1] + millivolt * scale.mm_per_mv
        self.axes.plot(x, y, color=color, linewidth=width, alpha=alpha, solid_joinstyle="round", zorder=4)

    def calibrate(self, x: float, y: float, scale: Scale) -> None:
        """Draw the pulse of 1 mV that ends at that point."""
        step = _CALIBRATION_MM / 5
        xs = x - _CALIBRATION_MM + step * np.array([0, 1, 1, 4, 4, 5])
        ys = y + scale.mm_per_mv * np.array([0, 0, 1, 1, 0, 0])
        self.axes.plot(xs, ys, color=INK, linewidth=_TRACE_PT, zorder=4)

    def head(self, title: str, subtitle: str, footer: str) -> None:
        """Write what the page shows above the field and how to read it below."""
        place: dict[str, Any] = {"family": _FONT, "clip_on": False}
        self.axes.text(0, self.height_mm + 8.2, title, fontsize=12, color=INK, weight="bold", **place)
        self.axes.text(0, self.height_mm + 3.0, subtitle, fontsize=8, color=QUIET, **place)
        self.axes.text(0, -5.2, footer, fontsize=7.5, color=QUIET, **place)

    def save(self, path: Path) -> Path:
        """Write a PNG that states its resolution, so that it prints at true scale."""
        self.figure.savefig(path, dpi=DPI, metadata={"Software": "Einthoven"})
        return path


def new_page(width_mm: float, height_mm: float, *, ruled: bool = True) -> Page:
    """Return an empty sheet around a field of that size, ruled every 1 and 5 mm."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 matplotlib takes long to import
    from matplotlib.figure import Figure  # noqa: PLC0415 likewise

    full_width, full_height = width_mm + 2 * MARGIN_MM, height_mm + HEADER_MM + FOOTER_MM
    figure = Figure(figsize=(full_width / _MM_PER_INCH, full_height / _MM_PER_INCH), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (MARGIN_MM / full_width, FOOTER_MM / full_height, width_mm / full_width, height_mm / full_height)
    )
    axes.set(xlim=(0, width_mm), ylim=(0, height_mm), xticks=[], yticks=[], facecolor=_PAPER)
    for spine in axes.spines.values():
        spine.set(color=_BOLD, linewidth=0.8)
    if ruled:
        _rule(axes, width_mm, height_mm)
    return Page(figure, axes, width_mm, height_mm)


def _rule(axes: "Axes", width_mm: float, height_mm: float) -> None:
    for step, color, width, order in ((1, _FINE, 0.35, 1), (5, _BOLD, 0.55, 2)):
        across = np.arange(0, width_mm + 1e-6, step)
        up = np.arange(0, height_mm + 1e-6, step)
        axes.vlines(across, 0, height_mm, colors=color, linewidths=width, zorder=order)
        axes.hlines(up, 0, width_mm, colors=color, linewidths=width, zorder=order)


def row_pitch_mm(signals: Iterable[NDArray[np.floating]], scale: Scale, *, low: float, high: float) -> float:
    """Return how far apart rows stand so that complexes rarely touch, a multiple of 5 mm between the limits."""
    heights = [np.nanmax(signal) - np.nanmin(signal) for signal in signals if np.isfinite(signal).any()]
    needed = max(heights, default=0.0) * scale.mm_per_mv * 0.8
    return float(np.clip(np.ceil(needed / 5) * 5, low, high))


def lead_grid(leads: Sequence[str]) -> list[list[str]]:
    """Arrange the twelve leads in the customary three rows of four, and any others in three rows as they come."""
    customary = [["I", "aVR", "V1", "V4"], ["II", "aVL", "V2", "V5"], ["III", "aVF", "V3", "V6"]]
    if set(leads) == {lead for row in customary for lead in row}:
        return customary
    columns = -(-len(leads) // 3)
    return [list(leads[row * columns : (row + 1) * columns]) for row in range(3) if leads[row * columns :]]
