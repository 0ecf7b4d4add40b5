"""PDF and PNG have the size of the page."""

import io
import re
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from services.signal_analysis.paper.drawing import Paper, Subject, drawn
from services.signal_analysis.paper.layouts import Layout
from services.signal_analysis.paper.printing import pdf, png
from services.signal_analysis.paper.sheet import Scale, Sheet
from services.signal_analysis.views import raw
from services.signal_analysis.window import Window

PIXELS_PER_MM = 10
MM_PER_POINT = 25.4 / 72


@pytest.fixture(params=[(Layout.COLUMNS_AND_RHYTHM, 25.0), (Layout.ROWS, 50.0)])
def sheet(make_window: Callable[..., Window], request: pytest.FixtureRequest) -> Sheet:
    layout, speed = request.param
    return drawn(raw.make(make_window()), Subject("r-1", "", 10.0), Paper(layout, Scale(speed, 10.0)))


def test_a_png_has_254_dots_an_inch_and_says_so(sheet: Sheet) -> None:
    image = Image.open(io.BytesIO(png(sheet)))

    assert list(image.size) == [sheet.width_mm * PIXELS_PER_MM, sheet.height_mm * PIXELS_PER_MM]
    assert image.info["dpi"] == pytest.approx((254, 254), abs=0.01)


def test_a_pdf_page_has_its_size_in_points(sheet: Sheet) -> None:
    data = pdf(sheet)

    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", data)

    assert box is not None
    assert float(box[1]) * MM_PER_POINT == pytest.approx(sheet.width_mm, abs=0.01)
    assert float(box[2]) * MM_PER_POINT == pytest.approx(sheet.height_mm, abs=0.01)
    assert data.count(b"/Type /Page ") == 1


def test_the_grid_of_a_png_lies_on_its_millimetres(sheet: Sheet) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(png(sheet))).convert("RGB")).astype(int)

    row = pixels[265]  # half a millimetre below the upper edge of the grid
    redness = row[:, 0] - row[:, 1]
    at = np.flatnonzero((redness[1:-1] > redness[:-2]) & (redness[1:-1] >= redness[2:])) + 1

    on_grid = at[(at >= 295) & (at < 795)]
    assert len(on_grid) == 50
    assert np.abs((on_grid + 5) % PIXELS_PER_MM - 5).max() <= 1


def test_the_trace_of_a_pdf_is_as_long_as_its_seconds(sheet: Sheet) -> None:
    data = pdf(sheet)

    streams = [zlib.decompress(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)[:1]]

    longest = max(streams[0].split(b"\nS\n"), key=len)
    x = np.array([float(pair[0]) for pair in re.findall(rb"([\d.-]+) ([\d.-]+) [lm]\b", longest)])
    speed = 50 if sheet.width_mm > 500 else 25
    assert np.ptp(x) * MM_PER_POINT == pytest.approx(10 * speed, abs=0.2)


def test_the_same_page_gives_the_same_bytes(sheet: Sheet) -> None:
    assert pdf(sheet) == pdf(sheet)
    assert png(sheet) == png(sheet)
