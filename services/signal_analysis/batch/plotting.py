"""A drawing of how measurements are distributed in a dataset: small histograms side by side, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Panel:
    """What one histogram shows; its range is one that adults keep to, and what lies outside is counted beside it."""

    column: str
    title: str
    unit: str
    low: float
    high: float
    bins: int = 30


PANELS: Final = (
    Panel("heart_rate_per_min", "Heart rate", "/min", 30, 190, 32),
    Panel("pr_interval_ms", "PR interval", "ms", 80, 320),
    Panel("qrs_duration_ms", "QRS duration", "ms", 40, 200, 32),
    Panel("qt_interval_ms", "QT interval", "ms", 250, 550),
    Panel("qtc_fridericia_ms", "QTc (Fridericia)", "ms", 320, 560),
    Panel("qtc_bazett_ms", "QTc (Bazett)", "ms", 320, 560),
    Panel("p_axis_deg", "P axis", "°", -180, 180, 36),
    Panel("qrs_axis_deg", "QRS axis", "°", -180, 180, 36),
    Panel("t_axis_deg", "T axis", "°", -180, 180, 36),
)
_COLUMNS: Final = 3
_WIDTH, _HEIGHT = 320, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 46, 34
_HEAD: Final = 52
_TICKS: Final = 5
_STYLE: Final = (
    "text{font-family:system-ui,sans-serif;fill:#222}.t{font-size:13px;font-weight:600}.s{font-size:11px;fill:#555}"
    ".h{font-size:17px;font-weight:600}.b{fill:#3b6ea8}.m{stroke:#c2410c;stroke-width:1.5}.a{stroke:#999}.g{stroke:#eee}"
)


def drawn(table: Any) -> bytes:
    """Return the drawing of a table (pyarrow.Table) of measurements."""
    rows = -(-len(PANELS) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT + _HEAD
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' role="img"><title>Distributions of measurements</title><style>{_STYLE}</style>'
            f'<rect width="{width}" height="{height}" fill="#fff"/>'
            f'<text class="h" x="16" y="26">{table.num_rows} ECGs</text>'
            '<text class="s" x="16" y="44">The line is the median. For research: this is no medical device.</text>'
        )
    ]
    for place, panel in enumerate(PANELS):
        x, y = place % _COLUMNS * _WIDTH, place // _COLUMNS * _HEIGHT + _HEAD
        parts.append(f'<g transform="translate({x} {y})">{_panel(panel, _values(table, panel.column))}</g>')
    return ("".join(parts) + "</svg>").encode()


def _values(table: Any, column: str) -> Values:
    if column not in table.column_names:
        return np.empty(0)
    return np.asarray(table[column].drop_null().to_numpy(), dtype=np.float64)


def _panel(panel: Panel, values: Values) -> str:
    title = f'<text class="t" x="{_LEFT}" y="16">{escape(panel.title)}</text>'
    if not len(values):
        return f'{title}<text class="s" x="{_LEFT}" y="33">Measured on none of them</text>'
    counts, edges = np.histogram(values, panel.bins, (panel.low, panel.high))
    outside = len(values) - int(counts.sum())
    middle, low, high = (float(np.percentile(values, at)) for at in (50, 5, 95))
    told = f"n = {len(values)}, median {middle:.0f}, 90 % in {low:.0f} to {high:.0f} {panel.unit}"
    beyond = f"{outside} outside" if outside else ""
    most = max(int(counts.max()), 1)
    return (
        f'{title}<text class="s" x="{_LEFT}" y="33">{escape(told)}</text>'
        f'<text class="s" x="{_WIDTH - _RIGHT}" y="16" text-anchor="end">{beyond}</text>{_grid(panel, most)}'
        f"{_bars(counts.tolist(), edges.tolist(), panel, most)}{_median(panel, middle)}"
    )


def _grid(panel: Panel, most: int) -> str:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path class="a" d="M{_LEFT} {floor}H{right}"/>']
    for share in (0.5, 1.0):
        y = floor - share * (floor - _TOP)
        label = f"{most * share:.0f}" if most * share >= 1 else ""
        parts.append(f'<path class="g" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text class="s" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for value in np.linspace(panel.low, panel.high, _TICKS):
        at, text = _across(panel, value), f"{value:.0f}"
        parts.append(f'<path class="a" d="M{at:.1f} {floor}v4"/>')
        parts.append(f'<text class="s" x="{at:.1f}" y="{floor + 17}" text-anchor="middle">{text}</text>')
    return "".join(parts)


def _bars(counts: Sequence[int], edges: Sequence[float], panel: Panel, most: int) -> str:
    floor, parts = _HEIGHT - _BOTTOM, []
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count:
            left, right = _across(panel, low), _across(panel, high)
            tall = count / most * (floor - _TOP)
            parts.append(f'<rect class="b" x="{left:.1f}" y="{floor - tall:.1f}" width="{right - left - 0.8:.1f}"')
            parts.append(f' height="{tall:.1f}"><title>{low:g} to {high:g}: {count}</title></rect>')
    return "".join(parts)


def _median(panel: Panel, value: float) -> str:
    if not panel.low <= value <= panel.high:
        return ""
    return f'<path class="m" d="M{_across(panel, value):.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'


def _across(panel: Panel, value: float) -> float:
    return _LEFT + (value - panel.low) / (panel.high - panel.low) * (_WIDTH - _LEFT - _RIGHT)
