import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deploy.demo.paper import DPI, FOOTER_MM, HEADER_MM, MARGIN_MM, lead_grid
from deploy.demo.plots import WaveMark, plot_aligned, plot_events, plot_median_beats, plot_qrs, plot_raw
from deploy.demo.synthesis import synthesize
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest

SIGNAL = synthesize("normal", seed=1).signal
BEATS = np.stack([SIGNAL[:, start : start + 300] for start in (500, 1000, 1500)], axis=1)


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_raw_is_true_to_the_millimetre(tmp_path: Path) -> None:
    path = plot_raw(SIGNAL, STANDARD_LEADS, 500, tmp_path / "raw.png", title="T", subtitle="S")

    content = path.read_bytes()
    physical = content.index(b"pHYs") + 4
    dots_per_metre = struct.unpack(">I", content[physical : physical + 4])[0]
    width_mm = png_size(path)[0] / dots_per_metre * 1000
    assert width_mm == pytest.approx(250 + 15 + 2 * MARGIN_MM, abs=0.5)
    assert dots_per_metre == pytest.approx(DPI / 0.0254, abs=1)


def test_raw_rows_move_apart_for_tall_complexes(tmp_path: Path) -> None:
    low = plot_raw(SIGNAL * 0.5, STANDARD_LEADS, 500, tmp_path / "low.png")
    tall = plot_raw(SIGNAL * 3, STANDARD_LEADS, 500, tmp_path / "tall.png")

    assert png_size(low)[1] == pytest.approx((4 * 25 + 10 + HEADER_MM + FOOTER_MM) / 25.4 * DPI, abs=1)
    assert png_size(tall)[1] > png_size(low)[1]


def test_every_view_is_drawn(tmp_path: Path) -> None:
    waves = [
        WaveMark("QRS", "", 480, 500, 520),
        WaveMark("P", "II", 380, None, None),
        WaveMark("T", "V2", 4990, 9000, 9100),
    ]
    signal = SIGNAL.copy()
    signal[:, :50] = np.nan

    written = [
        plot_qrs(BEATS, STANDARD_LEADS, 500, tmp_path / "qrs.png", peak_index=100),
        plot_events(SIGNAL, STANDARD_LEADS, 500, waves, tmp_path / "events.png"),
        plot_median_beats(BEATS[:, 0], STANDARD_LEADS, 500, tmp_path / "median.png", peak_index=100),
        plot_aligned(signal, STANDARD_LEADS, 500, tmp_path / "aligned.png"),
    ]

    assert all(min(png_size(path)) > 300 for path in written)


def test_nothing_found_is_drawn_as_nothing(tmp_path: Path) -> None:
    nothing = np.full_like(SIGNAL, np.nan)

    for path in (
        plot_qrs(BEATS[:, :0], STANDARD_LEADS, 500, tmp_path / "qrs.png", peak_index=0),
        plot_aligned(nothing, STANDARD_LEADS, 500, tmp_path / "aligned.png"),
        plot_raw(nothing, STANDARD_LEADS, 500, tmp_path / "raw.png"),
        plot_median_beats(nothing, STANDARD_LEADS, 500, tmp_path / "median.png", peak_index=0),
    ):
        assert min(png_size(path)) > 300


def test_fewer_leads_find_their_place(tmp_path: Path) -> None:
    assert png_size(plot_raw(SIGNAL[:2], ("I", "II"), 500, tmp_path / "raw.png"))[0] > 300
    assert lead_grid(("I", "II", "V1", "V2")) == [["I", "II"], ["V1", "V2"]]


def test_an_array_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="12 leads"):
        plot_raw(SIGNAL[:3], STANDARD_LEADS, 500, tmp_path / "raw.png")

    assert list(tmp_path.iterdir()) == []


def test_matplotlib_is_imported_only_to_draw() -> None:
    probe = "import sys, deploy.demo.plots, deploy.demo.report; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
