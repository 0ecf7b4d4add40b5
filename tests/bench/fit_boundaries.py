"""`python -m tests.bench.fit_boundaries`: fit the engine's boundaries on LUDB 1 to 100 and write boundaries.json.

Prints, and writes beside the weights, what ten folds over records give: each record is delineated whole by
combinations that were fitted on the records of the other nine folds.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS
from services.signal_analysis.engine import per_lead, qrs
from services.signal_analysis.engine.analysis import Analysis, Beats, Mark
from services.signal_analysis.engine.combination import FILE, Combination, Fitted
from services.signal_analysis.engine.delineating import delineate
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.window import Window
from tests.bench import ludb, ludb_truth
from tests.bench.scores import Score, extent, spread

FOLDS: Final = 10
PENALTIES: Final = {
    "qrs_onset": 2e3, "qrs_offset": 2e3, "t_onset": 1e4, "t_peak": 3e4, "t_offset": 3e4,
    "p_onset": 1e4, "p_offset": 1e4,
    **{f"lead_{kind}_{side}": 1e4 for kind in ("qrs", "t", "p") for side in ("onset", "offset")},
}  # fmt: skip
QRS_MARGIN: Final = 30
T_REACH: Final = 300
P_REACH: Final = 250
QRS_REACH: Final = 40
HUMP_REACH: Final = 75

Rows = dict[str, tuple[list[NDArray[np.float64]], list[float]]]


class Unfitted(dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]):
    """Combinations of which some are still to be fitted: those say 0."""

    def __missing__(self, name: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        return lambda features: np.zeros(features.shape[:-1])


@cache
def beats_of(number: int) -> Beats:
    """Return the beats of a record."""
    window = Window(ludb.signals()[number - 1], STANDARD_LEADS, ludb.RATE_HZ)
    beats = find_beats(window).beats
    if beats is None:
        raise RuntimeError(f"No beats were found in LUDB {number}.")
    return beats


@cache
def qrs_features(number: int) -> qrs.Features:
    """Return the features of every QRS of a record."""
    beats = beats_of(number)
    return qrs.features(beats.trace.signal, beats.trace.independent, beats.peaks)


def fit(numbers: Sequence[int]) -> Fitted:
    """Fit all combinations on some records, one after the other: T follows QRS, P follows T."""
    done = Unfitted()
    for kind, gather in (("qrs", _gather_qrs), ("t", _gather_t), ("p", _gather_p), ("lead", _gather_leads)):
        rows: Rows = {name: ([], []) for name in PENALTIES if name.startswith(kind)}
        for number in numbers:
            gather(number, done, rows)
        done |= {
            name: Combination.fitted(np.array(features), np.array(truth), PENALTIES[name])
            for name, (features, truth) in rows.items()
        }
    return done


def _gather_qrs(number: int, _: Fitted, rows: Rows) -> None:
    features, truth = qrs_features(number), ludb_truth.of_record(number)["QRS"]
    for beat, at in enumerate(beats_of(number).peaks):
        marked = [wave for wave in truth if wave.onset - QRS_MARGIN <= at <= wave.offset + QRS_MARGIN]
        if len(marked) == 1:
            _add(rows["qrs_onset"], features.onset[beat], marked[0].onset - at)
            _add(rows["qrs_offset"], features.offset[beat], marked[0].offset - at)


def _gather_t(number: int, done: Fitted, rows: Rows) -> None:
    found = delineate(beats_of(number), done)
    for wave in ludb_truth.of_record(number)["T"]:
        after = wave.peak - found.beats.peaks
        beat = int(np.argmin(np.where(after > 0, after, T_REACH)))
        family = found.families[found.beats.families[beat]]
        if not 0 < after[beat] < T_REACH or family.t_wave is None:
            continue
        fall = _place(found, beat, family.t_wave.fall)
        _add(rows["t_onset"], family.t_wave.onset, wave.onset - fall)
        _add(rows["t_peak"], family.t_wave.peak, wave.peak - fall)
        _add(rows["t_offset"], family.t_wave.offset, wave.offset - fall)


def _gather_p(number: int, done: Fitted, rows: Rows) -> None:
    found = delineate(beats_of(number), done)
    for wave in ludb_truth.of_record(number)["P"]:
        before = found.beats.peaks - wave.peak
        beat = int(np.argmin(np.where(before > 0, before, P_REACH)))
        family = found.families[found.beats.families[beat]]
        if not 0 < before[beat] < P_REACH or family.p_wave is None:
            continue
        peak = _place(found, beat, family.p_wave.peak)
        _add(rows["p_onset"], family.p_wave.onset, wave.onset - peak)
        _add(rows["p_offset"], family.p_wave.offset, wave.offset - peak)


def _gather_leads(number: int, done: Fitted, rows: Rows) -> None:
    """Gather what every lead says of its own boundaries."""
    found = delineate(beats_of(number), done)
    peaks, edges = found.beats.peaks, per_lead.qrs_edges(found)
    for lead, waves in enumerate(ludb_truth.of_leads(number).values()):
        for wave in waves["QRS"]:
            beat = int(np.argmin(np.abs(peaks - wave.peak)))
            if abs(peaks[beat] - wave.peak) < QRS_REACH and wave.onset >= 0:
                mark = found.qrs[beat]
                _add(rows["lead_qrs_onset"], edges.onset[beat, lead], wave.onset - mark.onset)
                _add(rows["lead_qrs_offset"], edges.offset[beat, lead], wave.offset - mark.offset)
    for kind, marks in (("p", found.p), ("t", found.t)):
        _gather_humps(number, kind, marks, (found, rows))


def _gather_humps(number: int, kind: str, marks: tuple[Mark | None, ...], to: tuple[Analysis, Rows]) -> None:
    found, rows = to
    middles = np.array([np.inf if mark is None else mark.peak for mark in marks])
    edges = [
        None if mark is None else per_lead.hump_edges(kind, family.average, mark)
        for family in found.families
        for mark in [family.p if kind == "p" else family.t]
    ]
    for lead, waves in enumerate(ludb_truth.of_leads(number).values()):
        for wave in waves[kind.upper()]:
            beat = int(np.argmin(np.abs(middles - wave.peak)))
            mark, edge = marks[beat], edges[found.beats.families[beat]]
            if mark is not None and edge is not None and abs(mark.peak - wave.peak) < HUMP_REACH and wave.onset >= 0:
                _add(rows[f"lead_{kind}_onset"], edge.onset[lead], wave.onset - mark.onset)
                _add(rows[f"lead_{kind}_offset"], edge.offset[lead], wave.offset - mark.offset)


def _place(found: Analysis, beat: int, at: int) -> float:
    """Return where a sample of the average lies in the record."""
    family = found.families[found.beats.families[beat]]
    return float(found.beats.peaks[beat] + at - family.qrs.peak)


def _add(rows: tuple[list[NDArray[np.float64]], list[float]], features: NDArray[np.float64], truth: float) -> None:
    rows[0].append(features)
    rows[1].append(truth)


def score(numbers: Sequence[int], fitted: Fitted | None, scores: dict[str, Score]) -> None:
    """Add what combinations make of some records: the global waves, and those of the leads as e.g. "lead P"."""
    for number in numbers:
        found, truth = delineate(beats_of(number), fitted), ludb_truth.of_record(number)
        within = extent(wave for waves in truth.values() for wave in waves)
        for kind, marks in (("P", found.p), ("QRS", found.qrs), ("T", found.t)):
            places = [(mark.onset, mark.peak, mark.offset) for mark in marks if mark is not None]
            if truth["QRS"]:
                scores[kind].add(places, truth[kind], within, number)
        own = per_lead.lead_marks(found, fitted)
        for lead, of_lead in enumerate(ludb_truth.of_leads(number).values()):
            within = extent(wave for waves in of_lead.values() for wave in waves)
            for kind, table in (("P", own.p), ("QRS", own.qrs), ("T", own.t)):
                rows = [(on, peak, off) for on, peak, off in table[:, lead].tolist() if np.isfinite(peak)]
                scores[f"lead {kind}"].add(rows, of_lead[kind], within, number)


def cross_validated() -> dict[str, Score]:
    """Return the scores of records that the combinations were not fitted on."""
    scores = new_scores()
    for fold in range(FOLDS):
        score(
            [number for number in ludb.RECORDS if number % FOLDS == fold],
            fit([number for number in ludb.RECORDS if number % FOLDS != fold]),
            scores,
        )
    return scores


def new_scores() -> dict[str, Score]:
    """Return empty scores of all kinds, global and of leads."""
    return {f"{prefix}{kind}": Score() for prefix in ("", "lead ") for kind in ludb_truth.KINDS}


def figures(scores: dict[str, Score]) -> dict[str, dict[str, float]]:
    """Return the figures of every kind of wave."""
    table = {}
    for kind, one in scores.items():
        (on, on_sd), (off, off_sd) = spread(one.onsets_ms), spread(one.offsets_ms)
        values = (one.sensitivity, one.predictivity, on, on_sd, off, off_sd)
        names = ("sensitivity", "predictivity", "onset_mean_ms", "onset_sd_ms", "offset_mean_ms", "offset_sd_ms")
        table[kind] = {name: round(value, 2) for name, value in zip(names, values, strict=True)}
    return table


def main() -> None:
    """Fit, cross-validate and write."""
    fitted, crossed = fit(ludb.RECORDS), figures(cross_validated())
    own = new_scores()
    score(ludb.RECORDS, fitted, own)
    document = {
        "provenance": {
            "data": "Lobachevsky University Electrocardiography Database 1.0.1, records 1 to 100",
            "reference": "global boundaries: second-earliest onset, second-latest offset of at least six leads",
            "fit": "ridge regression with Huber's weights; python -m tests.bench.fit_boundaries",
            "cross_validated": crossed,
        },
        "combinations": {name: _written(one) for name, one in fitted.items() if isinstance(one, Combination)},
    }
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name, table in (("ten folds", crossed), ("same records", figures(own))):
        for kind, values in table.items():
            print(name, kind, values)


def _written(one: Combination) -> dict[str, object]:
    return {
        "intercept": round(one.intercept, 6),
        "centre": [round(value, 6) for value in one.centre.tolist()],
        "weights": [round(value, 9) for value in one.weights.tolist()],
    }


if __name__ == "__main__":
    main()
