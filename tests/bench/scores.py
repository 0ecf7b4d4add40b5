"""How found waves agree with marked ones: sensitivity, positive predictivity, errors of onsets and offsets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tests.bench.ludb_truth import Truth

TOLERANCE: Final = 75
"""Samples at 500 Hz: 150 ms, the window of ANSI/AAMI EC57."""
_MS: Final = 2.0

Place = tuple[float | None, float, float | None]
"""Onset, peak and offset of a found wave in samples at 500 Hz."""


@dataclass(slots=True)
class Score:
    """What one kind of wave adds up to."""

    found: int = 0
    missed: int = 0
    false: int = 0
    onsets_ms: list[float] = field(default_factory=list)
    offsets_ms: list[float] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    """The record of every found wave; for looking closer."""

    @property
    def sensitivity(self) -> float:
        """The share of marked waves that were found, in percent."""
        return 100 * self.found / max(1, self.found + self.missed)

    @property
    def predictivity(self) -> float:
        """The share of found waves that were marked, in percent."""
        return 100 * self.found / max(1, self.found + self.false)

    def add(self, places: Sequence[Place], truth: Sequence[Truth], within: tuple[int, int], record: int = 0) -> None:
        """Count one record; what was found outside `within` was not looked at by those who marked."""
        free = set(range(len(places)))
        for wave in truth:
            near = [(abs(places[at][1] - wave.peak), at) for at in free]
            away, best = min(near, default=(TOLERANCE + 1, -1))
            if away > TOLERANCE:
                self.missed += 1
                continue
            free.discard(best)
            self._hit(places[best], wave, record)
        self.false += sum(bool(within[0] <= places[at][1] <= within[1]) for at in free)

    def _hit(self, place: Place, wave: Truth, record: int) -> None:
        self.found += 1
        self.records.append(record)
        onset, _, offset = place
        self.onsets_ms.append(np.nan if onset is None or wave.onset < 0 else _MS * (onset - wave.onset))
        self.offsets_ms.append(np.nan if offset is None else _MS * (offset - wave.offset))


def extent(waves: Iterable[Truth]) -> tuple[int, int]:
    """Return the first and the last marked sample."""
    marked = [(wave.onset if wave.onset >= 0 else wave.peak, wave.offset) for wave in waves]
    return min((first for first, _ in marked), default=0), max((last for _, last in marked), default=-1)


def spread(errors_ms: Sequence[float]) -> tuple[float, float]:
    """Return mean and SD of the errors that there are."""
    known = np.array([error for error in errors_ms if np.isfinite(error)])
    return (float(known.mean()), float(known.std())) if len(known) else (float("nan"), float("nan"))
