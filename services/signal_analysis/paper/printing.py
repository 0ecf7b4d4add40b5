"""A sheet as PDF and PNG by Matplotlib, from the same lines as the SVG."""

import io
from typing import TYPE_CHECKING, Any, Final

from services.signal_analysis.paper.sheet import Pen, Sheet, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MM_PER_INCH: Final = 25.4
POINTS_PER_MM: Final = 72 / MM_PER_INCH
PIXELS_PER_MM: Final = 10
"""A PNG has 254 dots an inch, so that every line of the grid lies on whole pixels."""


def load() -> None:
    """Import what writes pages, so that the first reader does not wait for it."""
    from matplotlib.backends import backend_agg, backend_pdf  # noqa: F401, PLC0415 must not delay start-up


def pdf(sheet: Sheet) -> bytes:
    """Return the sheet as a PDF page of its own size."""
    # Without a date: the same view gives the same bytes.
    metadata = {"Title": sheet.title, "Creator": "Einthoven", "CreationDate": None}
    return _saved(sheet, "pdf", metadata)


def png(sheet: Sheet) -> bytes:
    """Return the sheet as a PNG that states its dots per inch."""
    return _saved(sheet, "png", {"Title": sheet.title, "Software": "Einthoven"})


def _saved(sheet: Sheet, kind: str, metadata: dict[str, Any]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 its import must not delay start-up
    from matplotlib.backends.backend_pdf import FigureCanvasPdf  # noqa: PLC0415 likewise
    from matplotlib.figure import Figure  # noqa: PLC0415 likewise

    figure = Figure(figsize=(sheet.width_mm / MM_PER_INCH, sheet.height_mm / MM_PER_INCH), facecolor="white")
    canvas: Any = FigureCanvasPdf(figure) if kind == "pdf" else FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), frameon=False)
    axes.set(xlim=(0, sheet.width_mm), ylim=(sheet.height_mm, 0), xticks=[], yticks=[])
    _draw(axes, sheet)
    buffer = io.BytesIO()
    canvas.print_figure(buffer, format=kind, dpi=PIXELS_PER_MM * MM_PER_INCH, metadata=metadata)
    return buffer.getvalue()


def _draw(axes: "Axes", sheet: Sheet) -> None:
    from matplotlib.collections import LineCollection  # noqa: PLC0415 its import must not delay start-up
    from matplotlib.patches import Rectangle  # noqa: PLC0415 likewise

    for shade in sheet.shades:
        place = (shade.x_mm, shade.y_mm)
        axes.add_patch(Rectangle(place, shade.width_mm, shade.height_mm, color=shade.colour, lw=0, zorder=0))
    for order, pen in enumerate(Pen, start=1):
        lines = [stroke.line for stroke in sheet.strokes if stroke.pen is pen]
        width = pen.value.width_mm * POINTS_PER_MM
        axes.add_collection(
            LineCollection(lines, colors=pen.value.colour, linewidths=width, zorder=order, joinstyle="round"),
            autolim=False,
        )
    for words in sheet.words:
        _write(axes, words)


def _write(axes: "Axes", words: Words) -> None:
    aligned = {"start": "left", "middle": "center", "end": "right"}[words.anchor.value]
    axes.text(
        words.x_mm,
        words.y_mm,
        words.text,
        fontsize=words.size_mm * POINTS_PER_MM,
        fontweight="bold" if words.bold else "normal",
        ha=aligned,
        va="baseline",
        parse_math=False,
        zorder=len(Pen) + 1,
    )
