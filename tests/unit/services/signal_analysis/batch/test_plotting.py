"""The drawing of distributions."""

from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa

from services.signal_analysis.batch.plotting import PANELS, drawn

SVG = "{http://www.w3.org/2000/svg}"


def drawing_of(table: pa.Table) -> Any:
    return ET.fromstring(drawn(table))  # noqa: S314 what the platform itself has drawn


def texts(table: pa.Table) -> list[str]:
    return [each.text or "" for each in drawing_of(table).iter(f"{SVG}text")]


def test_every_panel_is_there_even_where_nothing_was_measured() -> None:
    told = texts(pa.table({"record_id": ["r1"]}))

    assert {panel.title for panel in PANELS} <= set(told)
    assert told.count("Measured on none of them") == len(PANELS)


def test_bars_count_every_value_within_and_the_text_those_outside() -> None:
    values = pa.array([70.0, 71.0, 72.0, None, 400.0])
    drawing = drawing_of(pa.table({"heart_rate_per_min": values}))

    bars = [each for each in drawing.iter(f"{SVG}rect") if each.get("class") == "b"]
    counted = sum(int((bar[0].text or "").rsplit(" ", 1)[1]) for bar in bars)

    assert counted == 3
    told = texts(pa.table({"heart_rate_per_min": values}))
    assert any(text.startswith("n = 4, median 72") for text in told)
    assert "1 outside" in told


def test_it_stays_within_its_frame() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({panel.column: rng.uniform(-500, 900, 500) for panel in PANELS})

    drawing = drawing_of(table)

    heights = [float(each.get("height") or 0) for each in drawing.iter(f"{SVG}rect")][1:]
    assert max(heights) <= 140
