"""What LUDB's cardiologists marked: the waves of every lead, and the global ones that follow from them."""

from collections.abc import Mapping, Sequence
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
SECOND: Final = 2
"""Marks that a second-earliest and a second-latest need."""
_SYMBOLS: Final = {"p": "P", "N": "QRS", "t": "T"}


@dataclass(frozen=True, slots=True)
class Truth:
    """One wave, in samples at 500 Hz; what was not marked is -1."""

    onset: int
    peak: int
    offset: int


ByKind = Mapping[str, tuple[Truth, ...]]
"""Waves by kind."""


@cache
def of_leads(number: int) -> dict[str, dict[str, tuple[Truth, ...]]]:
    """Return the waves of a record by lead and kind."""
    return {lead: _lead(number, lead) for lead in STANDARD_LEADS}


@cache
def of_record(number: int) -> dict[str, tuple[Truth, ...]]:
    """Return the global waves of a record by kind."""
    return {kind: together({lead: waves[kind] for lead, waves in of_leads(number).items()}) for kind in KINDS}


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


def together(leads: Mapping[str, Sequence[Truth]]) -> tuple[Truth, ...]:
    """Return the global waves of one kind: second-earliest onset and second-latest offset of at least six leads."""
    marks = sorted(
        ((wave.peak, lead, wave) for lead, waves in leads.items() for wave in waves), key=lambda mark: mark[0]
    )
    groups: list[list[tuple[int, str, Truth]]] = []
    for mark in marks:
        if groups and mark[0] - np.median([peak for peak, _, _ in groups[-1]]) <= GAP:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    found = (_of_group(group) for group in groups)
    return tuple(wave for wave in found if wave is not None)


def _of_group(group: list[tuple[int, str, Truth]]) -> Truth | None:
    onsets = sorted(wave.onset for _, _, wave in group if wave.onset >= 0)
    offsets = sorted(wave.offset for _, _, wave in group if wave.offset >= 0)
    if len({lead for _, lead, _ in group}) < LEAST_LEADS or min(len(onsets), len(offsets)) < SECOND:
        return None
    return Truth(onsets[1], int(np.median([peak for peak, _, _ in group])), offsets[-2])
