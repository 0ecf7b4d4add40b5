"""What annex C does to a rhythm, undone: samples between the protected zones, and the subtracted reference beat."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.formats.scp_ecg.beats import Beats
from services.ingest.formats.scp_ecg.leads import Lead
from services.shared.errors import UnreadableFile

Row = NDArray[np.float64]
_MOST_OVERLAP: Final = 4


@dataclass(frozen=True, slots=True)
class Grid:
    """Where every sample of a lead comes from: between two stored ones, or one alone."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: Row
    """Of the right one."""
    stored: int
    """How many samples the lead holds in the record."""
    is_whole: bool
    """Whether every stretch between zones is a multiple of the factor, as the standard asks for."""


def grid_of(lead: Lead, zones: NDArray[np.int64] | None, factor: int) -> Grid:
    """Return the grid of a lead that kept every sample in the zones, and one per `factor` elsewhere."""
    edges, is_zone = _stretches(lead, zones)
    lengths = np.diff(edges)
    steps = np.where(is_zone, 1, factor)
    counts = -(-lengths // steps)
    first = np.cumsum(counts) - counts
    place = np.arange(lead.samples) - np.repeat(edges[:-1], lengths)
    step, last = np.repeat(steps, lengths), np.repeat(counts - 1, lengths)
    # A stored sample stands in the middle of those it was made of; before the first and behind the last it is held.
    at = np.clip((place - step // 2) / step, 0, last)
    index = at.astype(np.int64)
    origin = np.repeat(first, lengths)
    whole = bool((lengths[:-1] % steps[:-1] == 0).all())
    return Grid(origin + index, origin + np.minimum(index + 1, last), at - index, int(counts.sum()), whole)


def spread(stored: Row, grid: Grid) -> Row:
    """Return a lead on its grid, shorter where fewer samples are stored than it takes."""
    usable = int(np.searchsorted(grid.right, len(stored)))
    left, right, weight = grid.left[:usable], grid.right[:usable], grid.weight[:usable]
    return np.asarray(stored[left] * (1 - weight) + stored[right] * weight)


def add_beats(row: Row, start: int, reference: Row, beats: Beats) -> None:
    """Add the reference beat to every zone of a lead that it was subtracted from; all in the same unit."""
    zones = beats.subtracted
    if zones is None or not len(zones):
        return
    if int((np.minimum(zones[:, 1], start + len(row)) - zones[:, 0]).clip(0).sum()) > _MOST_OVERLAP * len(row):
        raise UnreadableFile("The zones of the SCP-ECG record's beats overlap many times: section 4 is damaged.")
    begin = np.maximum.reduce([zones[:, 0], zones[:, 2] - beats.reference_fiducial, np.full(len(zones), start)])
    end = np.minimum.reduce(
        [zones[:, 1], zones[:, 2] - beats.reference_fiducial + len(reference), np.full(len(zones), start + len(row))]
    )
    lengths = np.maximum(end - begin, 0)
    place = np.repeat(begin, lengths) + np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    source = place - np.repeat(zones[:, 2] - beats.reference_fiducial, lengths)
    np.add.at(row, place - start, reference[source])


def _stretches(lead: Lead, zones: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the edges of a lead's stretches and, of each, whether it is a protected zone."""
    inside = np.zeros((0, 2), dtype=np.int64) if zones is None else np.clip(zones - lead.start, 0, lead.samples)
    inside = inside[inside[:, 1] > inside[:, 0]]
    edges = np.concatenate([[0], inside.ravel(), [lead.samples]])
    is_zone = np.arange(len(edges) - 1) % 2 == 1
    kept = np.diff(edges) > 0
    return np.concatenate([edges[:-1][kept], [lead.samples]]), is_zone[kept]
