"""What LUDB's cardiologists marked: the waves of every lead, and the global ones that follow from them."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import wfdb

from services.shared.ecg import STANDARD_LEADS
from tests.bench import ludb

KINDS: Final = ("P", "QRS", "T")
GAP: Final = 75
"""Samples (150 ms) beyond which marks of two leads are of two beats."""
LEAST_LEADS: Final = 6
_SYMBOLS: Final = {"p": "P", "N": "QRS", "t": "T"}


@dataclass(frozen=True, slots=True)
class Truth:
    """One wave, in samples at 500 Hz; an onset that was not marked is -1."""

    onset: int
    peak: int
    offset: int


@cache
def of_leads(number: int) -> dict[str, dict[str, tuple[Truth, ...]]]:
    """Return the waves of a record by lead and kind."""
    return {lead: _lead(number, lead) for lead in STANDARD_LEADS}


@cache
def of_record(number: int) -> dict[str, tuple[Truth, ...]]:
    """Return the global waves by kind: second-earliest onset and second-latest offset of at least six leads."""
    return {kind: tuple(_global(number, kind)) for kind in KINDS}


def _lead(number: int, lead: str) -> dict[str, tuple[Truth, ...]]:
    marks = wfdb.rdann(str(ludb.folder() / str(number)), lead.lower())
    waves: dict[str, list[Truth]] = {kind: [] for kind in KINDS}
    onset, peak = -1, None
    for at, symbol in zip(marks.sample.tolist(), marks.symbol, strict=True):
        if symbol == "(":
            onset, peak = at, None
        elif symbol in _SYMBOLS:
            peak = (at, _SYMBOLS[symbol])
        elif symbol == ")":
            if peak is not None:
                waves[peak[1]].append(Truth(onset, peak[0], at))
            onset, peak = -1, None
    return {kind: tuple(found) for kind, found in waves.items()}


def _global(number: int, kind: str) -> list[Truth]:
    marks = sorted(((wave.peak, lead, wave) for lead, waves in of_leads(number).items() for wave in waves[kind]),
                   key=lambda mark: mark[0])  # fmt: skip
    groups: list[list[tuple[int, str, Truth]]] = []
    for mark in marks:
        if groups and mark[0] - np.median([peak for peak, _, _ in groups[-1]]) <= GAP:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    found = []
    for group in groups:
        onsets = sorted(wave.onset for _, _, wave in group if wave.onset >= 0)
        offsets = sorted(wave.offset for _, _, wave in group)
        if len({lead for _, lead, _ in group}) >= LEAST_LEADS and len(onsets) > 1:
            found.append(Truth(onsets[1], int(np.median([peak for peak, _, _ in group])), offsets[-2]))
    return found
