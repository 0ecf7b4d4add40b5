"""A sheet as SVG whose unit is the millimetre."""

from collections.abc import Iterable
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from services.signal_analysis.paper.sheet import Line, Pen, Shade, Sheet, Stroke, Words

FONT = "'DejaVu Sans', Helvetica, Arial, sans-serif"


def svg(sheet: Sheet) -> bytes:
    """Return the sheet; printed at 100 % its millimetres are the paper's."""
    width, height = f"{sheet.width_mm:g}", f"{sheet.height_mm:g}"
    box = f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family={quoteattr(FONT)}>',
        f"<title>{escape(sheet.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *map(_shade, sheet.shades),
        *_strokes(sheet.strokes),
        *map(_words, sheet.words),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _shade(shade: Shade) -> str:
    return (
        f'<rect x="{shade.x_mm:.2f}" y="{shade.y_mm:.2f}" width="{shade.width_mm:.2f}"'
        f' height="{shade.height_mm:.2f}" fill="{shade.colour}"/>'
    )


def _strokes(strokes: tuple[Stroke, ...]) -> Iterable[str]:
    for pen in Pen:
        drawn = [stroke for stroke in strokes if stroke.pen is pen]
        if not drawn:
            continue
        style = f'stroke="{pen.value.colour}" stroke-width="{pen.value.width_mm:g}" fill="none"'
        yield f'<g id="{pen.name.lower()}" {style} stroke-linejoin="round" stroke-linecap="butt">'
        for name, same in groupby(drawn, key=lambda stroke: stroke.name):
            label = f" data-lead={quoteattr(name)}" if name else ""
            yield f'<path{label} d="{"".join(_path(stroke.line) for stroke in same)}"/>'
        yield "</g>"


def _path(line: Line) -> str:
    points = " ".join(map("%.2f %.2f".__mod__, map(tuple, np.asarray(line).tolist())))
    return f"M{points}"


def _words(words: Words) -> str:
    weight = ' font-weight="bold"' if words.bold else ""
    place = f'x="{words.x_mm:.2f}" y="{words.y_mm:.2f}" font-size="{words.size_mm:g}"'
    text = escape(words.text)
    return f'<text {place} text-anchor="{words.anchor.value}"{weight} xml:space="preserve">{text}</text>'
