"""Plots as inline SVG: lines over epochs, and bars per class. No library draws two dozen lines of SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT: Final = 52
BOTTOM: Final = 34
TOP: Final = 14
RIGHT: Final = 12
TICKS: Final = 5
COLOURS: Final = ("#1f5fa8", "#c2571a", "#2b7a3d")
BAR_HEIGHT: Final = 18
LABEL_WIDTH: Final = 170


def lines(series: Mapping[str, Sequence[float | None]], *, mark: int, title: str) -> str:
    """Draw values over epochs from 1, one line per name; `mark` is the epoch to point out."""
    values = [value for line in series.values() for value in line if value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    high = high if high > low else low + 1.0
    count = max(len(line) for line in series.values())

    def x(epoch: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / max(1, count - 1))

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    ticks = [low + (high - low) * tick / TICKS for tick in range(TICKS + 1)]
    drawn = [_grid(tick, y(tick)) for tick in ticks]
    drawn.append(f'<line class="mark" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    for colour, (name, line) in zip(COLOURS, series.items(), strict=False):
        points = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in enumerate(line, 1) if value is not None)
        drawn.append(f'<polyline stroke="{colour}" points="{points}"><title>{escape(name)}</title></polyline>')
    drawn += [_epoch(each, x(each)) for each in sorted({1, mark, count})]
    drawn.append(_legend(list(series)))
    return _svg(WIDTH, HEIGHT, title, drawn)


def bars(rows: dict[str, dict[str, int]], *, title: str) -> str:
    """Draw counts per class, one bar per class that is made of its parts."""
    widest = max((sum(parts.values()) for parts in rows.values()), default=0) or 1
    height = TOP + BAR_HEIGHT * len(rows) + BOTTOM
    drawn = []
    for row, (name, parts) in enumerate(rows.items()):
        top, left = TOP + row * BAR_HEIGHT, float(LABEL_WIDTH)
        drawn.append(f'<text x="{LABEL_WIDTH - 8}" y="{top + 12}" text-anchor="end">{escape(name[:24])}</text>')
        for colour, (part, count) in zip(COLOURS, parts.items(), strict=False):
            width = (WIDTH - LABEL_WIDTH - 60) * count / widest
            told = f"<title>{escape(f'{name}, {part}: {count}')}</title>"
            drawn.append(
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="13" fill="{colour}">{told}</rect>'
            )
            left += width
        drawn.append(f'<text x="{left + 6:.1f}" y="{top + 12}">{sum(parts.values())}</text>')
    drawn.append(_legend(list(next(iter(rows.values()), {})), y=height - 10))
    return _svg(WIDTH, height, title, drawn)


def _grid(value: float, y: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
    )


def _epoch(epoch: int, x: float) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{epoch}</text>'


def _legend(names: Sequence[str], y: int = HEIGHT - 6) -> str:
    drawn = []
    for place, (colour, name) in enumerate(zip(COLOURS, names, strict=False)):
        left = LEFT + place * 180
        drawn.append(f'<rect x="{left}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        drawn.append(f'<text x="{left + 15}" y="{y}">{escape(name)}</text>')
    return "".join(drawn)


def _svg(width: int, height: int, title: str, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )
