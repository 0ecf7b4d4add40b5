"""How well and how fast the engine marks waves: LUDB 1 to 100, beside NeuroKit2's `dwt` on the same records.

`ludb_*` are the combinations as they are shipped, which were fitted on these very records; `ludb_crossed_*` judge every
record by combinations fitted on others, and are what new records can be expected to give; `ludb_lead_*` are the
boundaries of every lead for itself, cross-validated, too.
"""

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Final

from services.shared.ecg import STANDARD_LEADS
from services.signal_analysis.engine.measuring import measure as measured
from services.signal_analysis.window import Window
from tests.bench import devices, fit_boundaries, ludb, ludb_truth, neurokit
from tests.bench.row import Row
from tests.bench.scores import Score, extent

Figures = dict[str, dict[str, float]]

GOALS: Final = {
    ("P", "sensitivity"): 97.0, ("P", "predictivity"): 97.0, ("QRS", "sensitivity"): 99.5,
    ("QRS", "predictivity"): 99.5, ("T", "sensitivity"): 97.0, ("T", "predictivity"): 97.0,
    ("P", "onset_mean_ms"): 8.0, ("P", "onset_sd_ms"): 13.0, ("P", "offset_mean_ms"): 8.0, ("P", "offset_sd_ms"): 13.0,
    ("QRS", "onset_mean_ms"): 4.0, ("QRS", "onset_sd_ms"): 8.5, ("QRS", "offset_mean_ms"): 4.0,
    ("QRS", "offset_sd_ms"): 8.5, ("T", "offset_mean_ms"): 10.0, ("T", "offset_sd_ms"): 20.0,
}  # fmt: skip
DEVICES: Final = {
    "pr_interval": (15.0, "ms"), "qrs_duration": (10.0, "ms"), "qt_interval": (25.0, "ms"), "p_axis": (10.0, "deg"),
    "qrs_axis": (10.0, "deg"), "t_axis": (10.0, "deg"),
}  # fmt: skip
GOAL_MS: Final = 25.0
TIMED: Final = 10
"""Records that speed is measured on."""
ROUNDS: Final = 5


@cache
def shipped() -> Figures:
    """Return the figures of the combinations as they are."""
    scores = fit_boundaries.new_scores()
    fit_boundaries.score(ludb.RECORDS, None, scores)
    return fit_boundaries.figures(scores)


@cache
def crossed() -> Figures:
    """Return the cross-validated figures."""
    return fit_boundaries.figures(fit_boundaries.cross_validated())


@cache
def floor() -> Figures:
    """Return NeuroKit2's figures."""
    scores = fit_boundaries.new_scores()
    for number in ludb.RECORDS:
        _add(scores, "", neurokit.of_record(number), ludb_truth.of_record(number))
        for lead, found in neurokit.of_leads(number).items():
            _add(scores, "lead ", found, ludb_truth.of_leads(number)[lead])
    return fit_boundaries.figures(scores)


def _add(
    scores: dict[str, Score],
    prefix: str,
    found: ludb_truth.ByKind,
    truth: ludb_truth.ByKind,
) -> None:
    within = extent(wave for waves in truth.values() for wave in waves)
    for kind, waves in truth.items():
        if prefix or truth["QRS"]:
            scores[f"{prefix}{kind}"].add(neurokit.places(found[kind]), waves, within)


def _boundary(kind: str, figure: str, figures: Callable[[], Figures], name: str) -> Row:
    value, theirs, goal = figures()[kind][figure], floor()[kind][figure], GOALS.get((kind, figure))
    unit = "ms" if figure.endswith("_ms") else "%"
    if goal is None:
        holds, words = _better(figure, value, theirs), "better than NeuroKit2"
    elif unit == "%":
        holds, words = value >= goal, f">= {goal:g} %"
    else:
        holds, words = abs(value) <= goal, f"within {goal:g} ms"
    return Row(name, value, unit, words, holds, theirs)


def _better(figure: str, value: float, theirs: float) -> bool:
    return value > theirs if not figure.endswith("_ms") else abs(value) < abs(theirs)


def measure() -> Row:
    """Measure the milliseconds of one thread for all measurements of a 10 s ECG, against NeuroKit2's delineation."""
    windows = [Window(signal, STANDARD_LEADS, ludb.RATE_HZ) for signal in ludb.signals()[:TIMED]]
    measured(windows[0])
    best = min(_seconds(measured, windows) for _ in range(ROUNDS)) / TIMED * 1e3
    theirs = _seconds(lambda window: neurokit.delineated(window.signal), windows) / TIMED * 1e3
    return Row("measure", best, "ms", f"<= {GOAL_MS:g} ms", best <= GOAL_MS, theirs, best / theirs)


def _seconds(work: Callable[[Window], object], windows: list[Window]) -> float:
    started = time.thread_time()
    for window in windows:
        work(window)
    return time.thread_time() - started


FIGURES: Final = (
    "sensitivity", "predictivity", "onset_mean_ms", "onset_sd_ms", "offset_mean_ms", "offset_sd_ms",
)  # fmt: skip


def _rows() -> dict[str, Callable[[], Row]]:
    rows: dict[str, Callable[[], Row]] = {}
    for prefix, figures, of in (("", shipped, ""), ("crossed_", crossed, ""), ("lead_", crossed, "lead ")):
        for kind in ludb_truth.KINDS:
            for figure in FIGURES:
                name = f"ludb_{prefix}{kind.lower()}_{figure.removesuffix('_ms')}"
                rows[name] = partial(_boundary, f"{of}{kind}", figure, figures, name)
    return rows


def _device(measurement: str) -> Row:
    """Measure the farthest difference from seven electrocardiographs' own values."""
    value, (within, unit) = devices.worst(measurement), DEVICES[measurement]
    return Row(f"devices_{measurement}", value, unit, f"within {within:g} {unit}", abs(value) <= within)


BENCHES: Final = {**_rows(), "measure": measure, **{f"devices_{name}": partial(_device, name) for name in DEVICES}}
