"""What quality at the door costs and what it finds: LUDB records 1 to 100 as they are, and with faults put in.

The interchange weights were fitted on these records (services/shared/quality/reversal.py), so the rows of
interchanges cross-validate: each tenth is judged with weights fitted on the others.
"""

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Final

import numpy as np

from services.shared.ecg import STANDARD_LEADS, Signal
from services.shared.quality import Flag, Grade, Pacing, Quality, assess
from tests.bench import faults, interchanges, ludb
from tests.bench.row import Row

GOAL_MS: Final = 3.0
GOAL_SPECIFICITY: Final = 0.97
GOALS: Final = {"la_ra": 0.9, "la_ll": 0.0, "ra_ll": 0.9, "rotated": 0.9, "rotated_back": 0.9, "ra_rl": 0.9,
                "la_rl": 0.9, "arms_legs": 0.9, "ll_rl": 0.0, "precordial": 0.7}  # fmt: skip
"""Sensitivities; LA/LL is weak by nature, and LL/RL changes nothing that could be seen."""
_NAMED: Final = {"la_ra": ("RA/LA",), "la_ll": ("LA/LL",), "ra_ll": ("RA/LL",), "rotated": ("RA-LA-LL rotated",),
                 "rotated_back": ("RA-LL-LA rotated",), "ra_rl": ("RA/RL",), "la_rl": ("LA/RL",),
                 "arms_legs": ("both arms/legs",), "precordial": tuple(f"V{at}" for at in range(1, 7))}  # fmt: skip
"""What each is called where it is suspected; LL/RL never is."""
GOAL_FOUND: Final = 0.9


def quality_assess() -> Row:
    """Measure the milliseconds of one thread for 12 leads x 10 s x 500 Hz."""
    signals = ludb.signals()
    best = min(_seconds(signals) for _ in range(5)) / len(signals) * 1e3
    return Row("quality_assess", best, "ms", f"<= {GOAL_MS:g} ms", best <= GOAL_MS)


def _seconds(signals: tuple[Signal, ...]) -> float:
    started = time.thread_time()
    for signal in signals:
        assess(signal, STANDARD_LEADS, ludb.RATE_HZ)
    return time.thread_time() - started


def quality_good_or_usable() -> Row:
    """Measure the share of LUDB as it is that is graded good or usable."""
    share = _share(lambda found: found.grade in {Grade.GOOD, Grade.USABLE}, lambda signal, _: signal)
    return Row("quality_good_or_usable", share, "share", ">= 0.97", share >= 0.97)


def quality_pacing_ludb() -> Row:
    """Measure how many of LUDB's paced records are found; the goal names the false alarms besides."""
    found = {number for number, one in zip(ludb.RECORDS, _as_it_is(), strict=True) if one.pacing is Pacing.SUSPECTED}
    share = len(found & ludb.PACED) / len(ludb.PACED)
    false = len(found - ludb.PACED)
    return Row("quality_pacing_ludb", share, "share", f">= 0.75, <= 1 false ({false})", share >= 0.75 and false <= 1)


def quality_reversal_none() -> Row:
    """Measure the specificity: records as they are in which nothing is suspected."""
    value = interchanges.share(ludb.signals(), suspected=False)
    goal = f">= {GOAL_SPECIFICITY:g}"
    return Row("quality_reversal_none", value, "specificity", goal, value >= GOAL_SPECIFICITY)


def _specific(kind: str) -> Row:
    """Measure the specificity of one kind: records as they are in which this very interchange is not suspected."""
    names = _NAMED[kind]
    value = float(np.mean([not any(name in found for name in names) for found in _kinds_as_it_is()]))
    goal = f">= {GOAL_SPECIFICITY:g}"
    return Row(f"quality_reversal_{kind}_specificity", value, "specificity", goal, value >= GOAL_SPECIFICITY)


@cache
def _kinds_as_it_is() -> tuple[str, ...]:
    return tuple(interchanges.kinds(ludb.signals()))


def _reversal(kind: str) -> Row:
    rng = np.random.default_rng(0)
    if kind == "precordial":
        pairs = [(f"V{at}", f"V{at + 1}") for at in range(1, 6)]
        shares = [interchanges.share([faults.swap(one, *pair) for one in ludb.signals()]) for pair in pairs]
        value = float(np.mean(shares))
    else:
        spoilt = [faults.interchange(one, faults.INTERCHANGES[kind], rng) for one in ludb.signals()]
        value = interchanges.share(spoilt)
    return Row(f"quality_reversal_{kind}", value, "sensitivity", f">= {GOALS[kind]:g}", value >= GOALS[kind])


_FAULTS: Final[dict[str, tuple[Flag | None, Callable[[Signal, np.random.Generator], Signal]]]] = {
    "mains_0.05mV": (Flag.MAINS, lambda signal, _: faults.mains(signal, ludb.RATE_HZ, 0.05)),
    "drift_1mV": (Flag.DRIFT, lambda signal, _: faults.drift(signal, ludb.RATE_HZ, 1.0)),
    "noise_0.06mV": (Flag.NOISE, lambda signal, rng: faults.noise(signal, 0.06, rng)),
    "spikes_0.5mV": (Flag.SPIKES, lambda signal, rng: faults.spikes(signal, 0.5, rng)),
    "saturated_60pct": (Flag.SATURATED, lambda signal, _: faults.cut_off(signal, 0.6)),
    "flat_3s": (Flag.FLAT, lambda signal, rng: faults.flatten(signal, 3.0, ludb.RATE_HZ, rng)),
    "pacing_1mV": (None, lambda signal, rng: faults.pace(signal, ludb.RATE_HZ, 1.0, rng)),
}


def _fault(name: str) -> Row:
    """Measure in how many records a fault is found (of a fault per lead: in at least half of the leads)."""
    flag, spoil = _FAULTS[name]
    if flag is None:
        value = _share(lambda found: found.pacing is Pacing.SUSPECTED, spoil)
    else:
        value = _share(lambda found: sum(flag in lead.flags for lead in found.leads) >= len(found.leads) / 2, spoil)
    before = _before(flag)
    goal = f">= {GOAL_FOUND:g} (as it is: {before:.3g})"
    return Row(f"quality_{name}", value, "found", goal, value >= GOAL_FOUND)


def _before(flag: Flag | None) -> float:
    """Return the share of leads, or records, in which it is found although nothing was put in."""
    if flag is None:
        return float(np.mean([one.pacing is Pacing.SUSPECTED for one in _as_it_is()]))
    return float(np.mean([flag in lead.flags for one in _as_it_is() for lead in one.leads]))


def _share(holds: Callable[[Quality], bool], spoil: Callable[[Signal, np.random.Generator], Signal]) -> float:
    rng = np.random.default_rng(0)
    found = [holds(assess(spoil(one, rng), STANDARD_LEADS, ludb.RATE_HZ)) for one in ludb.signals()]
    return float(np.mean(found))


@cache
def _as_it_is() -> tuple[Quality, ...]:
    return tuple(assess(one, STANDARD_LEADS, ludb.RATE_HZ) for one in ludb.signals())


BENCHES: Final = {
    "quality_assess": quality_assess,
    "quality_good_or_usable": quality_good_or_usable,
    "quality_pacing_ludb": quality_pacing_ludb,
    "quality_reversal_none": quality_reversal_none,
    **{f"quality_reversal_{kind}": partial(_reversal, kind) for kind in GOALS},
    **{f"quality_reversal_{kind}_specificity": partial(_specific, kind) for kind in _NAMED},
    **{f"quality_{name}": partial(_fault, name) for name in _FAULTS},
}
