"""The frame of a page: its size, its grid, what stands above and below the traces."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.signal_analysis.paper.sheet import Anchor, Drawing, Pen, Sheet, Stroke, Words

PAPERS_MM: Final = ((297.0, 210.0), (420.0, 297.0))
"""A4 and A3, across; what fits on neither has a page of its own size, at the same scale."""
SIDE_MM: Final = 10.0
HEAD_MM: Final = 26.0
FOOT_MM: Final = 12.0
ROOM_MM: Final = PAPERS_MM[0][1] - HEAD_MM - FOOT_MM
"""What traces may take of the height of A4."""
FOOTER: Final = "Research use only: not a medical device, not for diagnosis."
CHAR_SHARE: Final = 0.62
"""How wide a letter is, of its size: what does not fit a line is cut off, and ends so."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the traces."""

    record_id: str
    what: str
    recorded: str
    """When the ECG was recorded, as the file states it."""
    stretch: str
    state: str
    """What was done to the signal."""
    notes: tuple[str, ...] = ()


def framed(drawing: Drawing, head: Head) -> Sheet:
    """Put a drawing on the smallest paper that holds it, on millimetre lines, under its head."""
    width, height = _paper(drawing.width_mm + 2 * SIDE_MM, drawing.height_mm + HEAD_MM + FOOT_MM)
    strokes = (*_grid(drawing), *(replace(each, line=_moved(each.line)) for each in drawing.strokes))
    return Sheet(
        width_mm=width,
        height_mm=height,
        strokes=strokes,
        words=(*_written(drawing, head, width, height), *map(_shifted, drawing.words)),
        shades=tuple(replace(each, x_mm=each.x_mm + SIDE_MM, y_mm=each.y_mm + HEAD_MM) for each in drawing.shades),
        title=f"{head.what}, record {head.record_id}",
    )


def _paper(width_mm: float, height_mm: float) -> tuple[float, float]:
    for width, height in PAPERS_MM:
        if width_mm <= width and height_mm <= height:
            return width, height
    return max(width_mm, PAPERS_MM[0][0]), max(height_mm, PAPERS_MM[0][1])


def _moved(line: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = line + np.array([SIDE_MM, HEAD_MM])
    return moved


def _shifted(words: Words) -> Words:
    return replace(words, x_mm=words.x_mm + SIDE_MM, y_mm=words.y_mm + HEAD_MM)


def _grid(drawing: Drawing) -> Iterable[Stroke]:
    """Yield the lines of the paper: every millimetre, and stronger every five."""
    for pen, every in ((Pen.FINE, 1.0), (Pen.BOLD, 5.0)):
        for x in np.arange(0, drawing.width_mm + every / 2, every):
            yield Stroke(_moved(np.array([[x, 0], [x, drawing.height_mm]])), pen)
        for y in np.arange(0, drawing.height_mm + every / 2, every):
            yield Stroke(_moved(np.array([[0, y], [drawing.width_mm, y]])), pen)


def _written(drawing: Drawing, head: Head, width: float, height: float) -> Iterable[Words]:
    told = " ".join((drawing.note, *head.notes)).strip()
    lines = (
        Words(f"{head.what}   Record {head.record_id}", SIDE_MM, 11, 3.6, bold=True),
        Words(f"{head.recorded}   {head.stretch}", SIDE_MM, 16),
        Words(f"{drawing.scale}   {head.state}", SIDE_MM, 20.5, bold=True),
        Words(told, SIDE_MM, 24.5, 2.4),
    )
    yield from (_fitted(line, width) for line in lines)
    yield Words(FOOTER, SIDE_MM, height - 4, 2.6)
    yield Words("Einthoven", width - SIDE_MM, height - 4, 2.6, anchor=Anchor.END)


def _fitted(words: Words, width: float) -> Words:
    most = int((width - 2 * SIDE_MM) / (CHAR_SHARE * words.size_mm))
    if len(words.text) <= most:
        return words
    return replace(words, text=words.text[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}")
