"""Short stretches, a cell per lead, in the order of the twelve-lead sheet."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from services.signal_analysis.paper.sheet import Drawing, Pen, Scale, Stroke, Words, on_bold_line
from services.signal_analysis.paper.trace import Place, calibration_pulse, trace

ROWS: Final = 3
MARGIN_MM: Final = 5.0


def in_cells(beats: NDArray[np.float32], names: tuple[str, ...], rate_hz: float, scale: Scale) -> Drawing:
    """Draw beats (leads, beats, samples) laid over each other, three leads to a column, each column with its pulse."""
    rank = {name: place for place, name in enumerate(STANDARD_LEADS)}
    order = sorted(range(len(names)), key=lambda row: rank.get(names[row], len(rank) + row))
    rows = min(ROWS, len(order))
    left = on_bold_line(0.28 * scale.mm_per_s + 3)
    width = on_bold_line(beats.shape[2] / rate_hz * scale.mm_per_s + MARGIN_MM)
    height = max(30.0, on_bold_line(4 * scale.mm_per_mv))
    pen = Pen.OVERLAID if beats.shape[1] > 1 else Pen.TRACE
    strokes: list[Stroke] = []
    words: list[Words] = []
    for cell, lead in enumerate(order):
        x, y = left + width * (cell // rows), height * (cell % rows + 0.5)
        if cell < rows:
            strokes.append(calibration_pulse(left - 1, y, scale))
        for beat in beats[lead]:
            strokes += trace(beat, rate_hz, Place(x, y, pen=pen, name=names[lead]), scale)
        words.append(Words(names[lead], x + 1, y - 0.42 * height, bold=True))
    columns = -(-len(order) // rows)
    return Drawing(left + width * columns, height * rows, tuple(strokes), tuple(words), scale=scale)
