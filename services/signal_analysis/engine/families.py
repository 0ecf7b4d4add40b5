"""Beats that look alike: families by the correlation of their QRS over all leads, and the average beat of each."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.signal_analysis.engine.sampling import Samples, of_ms
from services.signal_analysis.engine.trace import Trace
from services.signal_analysis.engine.velocity import Places, band_passed, cut

ALIKE: Final = 0.90
"""Correlation of two QRS from which on they are of one family."""
BAND_HZ: Final = (2.0, 40.0)
BEFORE: Final = of_ms(460)
"""Samples of an average beat before its R peak."""
AFTER: Final = of_ms(760)
_HALF: Final = of_ms(70)
_REACH: Final = of_ms(30)
_LEVEL: Final = slice(BEFORE - of_ms(100), BEFORE - of_ms(50))
"""Where a beat is brought to zero before it is averaged."""
_TRIM_FROM: Final = 3
_SPIKE_BEFORE: Final = of_ms(120)
_SPIKE_AFTER: Final = of_ms(30)
_LEAST_SPIKED: Final = 2
_SPIKED_SHARE: Final = 0.15


class Kind(StrEnum):
    """What a beat is, by its form and by pacing spikes."""

    DOMINANT = "dominant"
    """Of the most frequent form."""
    ECTOPIC = "ectopic"
    """Of another form than most."""
    PACED = "paced"
    """Right after a pacing spike."""


@dataclass(slots=True)
class _Growing:
    template: Samples
    members: list[int] = field(default_factory=list)


def sort_beats(trace: Trace, found: Places) -> tuple[Places, Places]:
    """Return the family of every beat, and the beats moved so that those of a family lie on top of each other."""
    band = band_passed(trace.signal[trace.independent], *BAND_HZ)
    wide = cut(band, found, _HALF + _REACH, _HALF + _REACH)
    families, moved = np.zeros(len(found), np.int64), found.copy()
    grown: list[_Growing] = []
    for beat, window in enumerate(wide):
        for number, family in enumerate(grown):
            likeness, shift = _best(window, family.template)
            if likeness > ALIKE:
                families[beat], moved[beat] = number, found[beat] + shift
                family.members.append(beat)
                family.template = cut(band, moved[family.members], _HALF, _HALF).mean(axis=0)
                break
        else:
            families[beat] = len(grown)
            grown.append(_Growing(window[:, _REACH:-_REACH], [beat]))
    return families, _peaked(band, families, moved)


def _best(window: Samples, template: Samples) -> tuple[float, int]:
    """Return the largest correlation of a template with a longer window, and its shift from the middle."""
    slid = sliding_window_view(window, template.shape[1], axis=-1)
    energy = np.square(slid).sum(axis=(0, 2)) * np.square(template).sum()
    likeness = np.einsum("lkw,lw->k", slid, template) / (np.sqrt(energy) + 1e-12)
    best = int(np.argmax(likeness))
    return float(likeness[best]), best - _REACH


def _peaked(band: Samples, families: Places, moved: Places) -> Places:
    """Move all beats of a family alike, to the largest deflection over all leads of their mean."""
    peaked = moved.copy()
    for number in np.unique(families):
        members = families == number
        mean = cut(band, moved[members], _HALF, _HALF).mean(axis=0)
        peaked[members] += int(np.argmax(np.square(mean).sum(axis=0))) - _HALF
    return np.clip(peaked, 0, band.shape[-1] - 1)


def average(trace: Trace, peaks: Places) -> Samples:
    """Return the average beat (leads, BEFORE + AFTER) of peaks: from three on the mean of the middle half."""
    whole = peaks[(peaks >= BEFORE) & (peaks + AFTER < trace.signal.shape[1])]
    beats = cut(trace.signal, whole if len(whole) >= _TRIM_FROM else peaks, BEFORE, AFTER)
    beats = beats - beats[..., _LEVEL].mean(axis=-1, keepdims=True)
    if len(beats) < _TRIM_FROM:
        return np.asarray(beats.mean(axis=0))
    quarter = len(beats) // 4
    return np.asarray(np.sort(beats, axis=0)[quarter : len(beats) - quarter].mean(axis=0))


def kinds_of(families: Places, peaks: Places, spikes: Places) -> tuple[Kind, ...]:
    """Return what every beat is."""
    spiked = np.isfinite(spike_lags(peaks, spikes))
    usual = int(np.argmax(np.bincount(families)))
    paced = {int(number) for number in np.unique(families) if _is_paced(spiked[families == number])}
    return tuple(
        Kind.PACED if family in paced else Kind.DOMINANT if family == usual else Kind.ECTOPIC
        for family in families.tolist()
    )


def spike_lags(peaks: Places, spikes: Places) -> Samples:
    """Return where the last spike before each R peak lies from it, in samples; NaN where none does."""
    away = spikes[None].astype(np.float64) - peaks[:, None]
    away[(away > _SPIKE_AFTER) | (away < -_SPIKE_BEFORE)] = -np.inf
    last = away.max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(last), last, np.nan)


def _is_paced(spiked: NDArray[np.bool_]) -> bool:
    """Tell by some of its beats, because small spikes are missed; one beat of many may be a chance artefact."""
    return bool(spiked.sum() >= min(len(spiked), _LEAST_SPIKED) and spiked.mean() >= _SPIKED_SHARE)
