"""Pages in millimetres: what the SVG says, read back."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest

from services.shared.ecg import STANDARD_LEADS, Recording
from services.shared.errors import InvalidRequest
from services.signal_analysis.filters import Filters, cut_filtered
from services.signal_analysis.paper.drawing import Paper, Subject, drawn
from services.signal_analysis.paper.layouts import Layout
from services.signal_analysis.paper.page import FOOTER
from services.signal_analysis.paper.sheet import Scale, Sheet
from services.signal_analysis.paper.svg import svg
from services.signal_analysis.view import ViewKind
from services.signal_analysis.views import MAKERS, raw
from services.signal_analysis.window import Stretch, Window

MakeWindow = Callable[..., Window]
SUBJECT = Subject("r-1", "2026-01-05T08:12:00", 30.0, "from 0.05 Hz to 150 Hz")
NAMESPACE = "{http://www.w3.org/2000/svg}"


def page(sheet: Sheet) -> Element:
    return fromstring(svg(sheet))  # noqa: S314 our own


def texts(sheet: Sheet) -> list[str]:
    return [words.text for words in sheet.words]


def lines(root: Element, pen: str, lead: str | None = None) -> list[np.ndarray[Any, Any]]:
    found = []
    for path in root.iterfind(f"{NAMESPACE}g[@id='{pen}']/{NAMESPACE}path"):
        if lead is None or path.get("data-lead") == lead:
            parts = (path.get("d") or "").split("M")[1:]
            found += [np.array(re.findall(r"-?\d+\.\d+", part), float).reshape(-1, 2) for part in parts]
    return found


def step() -> Window:
    """One second at -1 mV, then one at +1 mV, over ten seconds; lead V6 was not recorded."""
    signal = np.where(np.arange(5000) // 500 % 2, 1.0, -1.0)[None].repeat(12, axis=0).astype(np.float32)
    signal[11] = np.nan
    return Window(signal, STANDARD_LEADS, 500.0)


@pytest.mark.parametrize("speed", [25.0, 50.0])
@pytest.mark.parametrize("gain", [5.0, 10.0, 20.0])
def test_a_second_and_a_millivolt_have_their_length(speed: float, gain: float) -> None:
    sheet = drawn(raw.make(step()), SUBJECT, Paper(Layout.ROWS, Scale(speed, gain)))

    root = page(sheet)

    (line,) = lines(root, "trace", "I")
    assert line[-1, 0] - line[0, 0] == pytest.approx(speed * 4999 / 500, abs=0.01)
    assert line[500, 0] - line[0, 0] == pytest.approx(speed, abs=0.01)
    assert np.ptp(line[:, 1]) == pytest.approx(2 * gain, abs=0.01)
    assert f"{speed:g} mm/s   {gain:g} mm/mV   no filter" in texts(sheet)


def test_the_svg_says_millimetres() -> None:
    sheet = drawn(raw.make(step()), SUBJECT, Paper())

    root = page(sheet)

    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("297mm", "210mm", "0 0 297 210")


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("gain", [5.0, 10.0])
def test_ten_seconds_at_25_mm_per_second_fit_on_a4(layout: Layout, gain: float) -> None:
    sheet = drawn(raw.make(step()), SUBJECT, Paper(layout, Scale(25.0, gain)))

    assert (sheet.width_mm, sheet.height_mm) == (297, 210)


def test_the_pulse_is_a_millivolt_for_200_ms_and_stands_on_the_grid() -> None:
    root = page(drawn(raw.make(step()), SUBJECT, Paper()))

    pulses = lines(root, "trace", "pulse")

    assert len(pulses) == 4
    for pulse in pulses:
        assert np.ptp(pulse[:, 1]) == pytest.approx(10, abs=0.01)
        assert pulse[3, 0] - pulse[2, 0] == pytest.approx(5, abs=0.01)
        assert pulse[0, 1] % 1 == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("layout", Layout)
def test_the_grid_has_a_line_every_millimetre_and_a_bold_one_every_five(layout: Layout) -> None:
    root = page(drawn(raw.make(step()), SUBJECT, Paper(layout)))

    for pen, every in (("fine", 1), ("bold", 5)):
        ends = np.array(lines(root, pen))
        upright = np.unique(ends[ends[:, 0, 0] == ends[:, 1, 0]][:, 0, 0])
        level = np.unique(ends[ends[:, 0, 1] == ends[:, 1, 1]][:, 0, 1])
        assert np.diff(upright) == pytest.approx(every)
        assert np.diff(level) == pytest.approx(every)
        assert (upright[0], level[0]) == (10, 26)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("gain", [5.0, 10.0, 20.0])
def test_traces_and_pulses_stay_on_the_page(layout: Layout, gain: float) -> None:
    sheet = drawn(raw.make(step()), SUBJECT, Paper(layout, Scale(50.0, gain)))

    points = np.vstack(lines(page(sheet), "trace"))

    assert points.min() > 0
    assert points[:, 0].max() < sheet.width_mm
    assert points[:, 1].max() < sheet.height_mm


def test_the_cabrera_order_turns_avr_over(make_window: MakeWindow) -> None:
    window = make_window()

    sheet = drawn(raw.make(window), SUBJECT, Paper(Layout.CABRERA))

    names = [words for words in sheet.words if words.bold and 10 < words.x_mm < 30 and words.y_mm > 26]
    assert [words.text for words in names] == ["aVL", "I", "\N{MINUS SIGN}aVR", "II", "aVF", "III"]
    (line,) = lines(page(sheet), "trace", "\N{MINUS SIGN}aVR")
    own = window.signal[3, :2500]
    assert np.corrcoef(line[:, 1], own)[0, 1] > 0.999  # y runs downwards: a lead turned over runs with it


@pytest.mark.parametrize(
    ("layout", "leads"), [(Layout.COLUMNS, 12), (Layout.COLUMNS_AND_RHYTHM, 13), (Layout.HALVES, 12), (Layout.ROWS, 12)]
)
def test_every_layout_names_every_lead_and_says_which_were_not_recorded(layout: Layout, leads: int) -> None:
    sheet = drawn(raw.make(step()), SUBJECT, Paper(layout))

    named = [text for text in texts(sheet) if text in STANDARD_LEADS]

    assert len(named) == leads
    assert set(named) == set(STANDARD_LEADS)
    assert texts(sheet).count("not recorded") == 1


def test_the_head_tells_what_a_reader_must_know() -> None:
    recording = Recording(step().signal[:11], STANDARD_LEADS[:11], 500.0)
    window = cut_filtered(recording, Stretch(), Filters(baseline_hz=0.05, low_pass_hz=40.0, notch_hz=50.0))

    written = " | ".join(texts(drawn(raw.make(window), SUBJECT, Paper())))

    assert "Record r-1" in written
    assert "Recorded 2026-01-05 08:12:00   0.0 to 10.0 s of 30.0 s   500 Hz" in written
    assert "device: from 0.05 Hz to 150 Hz" in written
    assert "0.05\N{EN DASH}40 Hz (not diagnostic), 50 Hz notch" in written
    assert FOOTER in written


def test_leads_that_a_layout_has_no_place_for_are_named(make_window: MakeWindow) -> None:
    window = make_window()
    more = Window(window.signal[[0, 1, 2]], ("I", "II", "X"), 500.0)

    assert "Not on this page: X." in " ".join(texts(drawn(raw.make(more), SUBJECT, Paper())))
    assert "X" in texts(drawn(raw.make(more), SUBJECT, Paper(Layout.ROWS)))


def test_a_recording_of_other_leads_has_a_row_for_each(make_window: MakeWindow) -> None:
    frank = Window(make_window().signal[:3], ("X", "Y", "Z"), 500.0)

    sheet = drawn(raw.make(frank), SUBJECT, Paper())

    assert {"X", "Y", "Z"} <= set(texts(sheet))
    assert len(lines(page(sheet), "trace", "Y")) == 1


def test_a_line_breaks_where_nothing_was_recorded() -> None:
    window = step()
    window.signal[0, 1000:1500] = np.nan

    parts = lines(page(drawn(raw.make(window), SUBJECT, Paper(Layout.ROWS))), "trace", "I")

    assert [len(part) for part in parts] == [1000, 3500]


def test_at_2000_hz_the_line_keeps_every_extreme() -> None:
    signal = np.zeros((1, 20_000), np.float32)
    signal[0, 7777] = 2.0
    window = Window(signal, ("II",), 2000.0)

    (line,) = lines(page(drawn(raw.make(window), SUBJECT, Paper(Layout.ROWS))), "trace", "II")

    assert len(line) <= 10_001
    assert np.ptp(line[:, 1]) == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("kind", ViewKind)
@pytest.mark.parametrize("good", [True, False])
def test_every_view_is_a_page_or_says_why_not(
    make_window: MakeWindow, noise: Window, kind: ViewKind, *, good: bool
) -> None:
    view = MAKERS[kind](make_window() if good else noise)

    sheet = drawn(view, SUBJECT, Paper())

    assert len(lines(page(sheet), "fine")) > 100
    if view.signal is None and view.beats is None:
        assert any(text.startswith(view.remarks[0].text[:40]) for text in texts(sheet))


@pytest.mark.parametrize("scale", [Scale(30.0, 10.0), Scale(25.0, 7.0), Scale(25.0, 0.0)])
def test_other_scales_are_no_ecg_paper(scale: Scale) -> None:
    with pytest.raises(InvalidRequest, match="25 or 50 mm/s"):
        Paper(Layout.ROWS, scale)


def test_what_a_record_is_called_is_no_markup() -> None:
    sheet = drawn(raw.make(step()), Subject("<script>&", "", 10.0), Paper())

    assert any("<script>&" in (text.text or "") for text in page(sheet).iterfind(f"{NAMESPACE}text"))
