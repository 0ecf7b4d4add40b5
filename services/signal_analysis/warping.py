"""Rlign's warping ("hrc") on all leads at once: the same numbers as the package's own loop over leads, much sooner.

Follows `rlign.Rlign._scale_hrc` of Rlign 1.2 (MIT, Bickmann and Plagwitz 2024) step by step; where the segments lie and
how long they become is asked of the package itself.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import ifftshift, irfft, rfft
from scipy.ndimage import uniform_filter1d
from scipy.signal import get_window

Q_TO_R_MS: Final = 35
R_TO_S_MS: Final = 55
OVERLAP: Final = 2
"""Samples that a segment is resampled further than it is used, against the ringing of the FFT at its ends."""
MIN_GAP: Final = 10
"""Samples that must lie between the onset of P and the next R peak."""

Leads = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Template:
    """Where R peaks are put, and which shares of an RR interval lie before the end of T and before the onset of P."""

    r_peaks: NDArray[np.int64]
    end_samples: int
    to_t_end: int
    to_p_onset: int
    own_to_t_end: float
    own_to_p_onset: float

    @classmethod
    def of(cls, rate_hz: int, seconds: int, template_bpm: int, heart_rate_bpm: int) -> "Template":
        """Return Rlign's template of so many seconds for an ECG of a heart rate."""
        from rlign import utils  # noqa: PLC0415 its import takes seconds and must not delay start-up

        places = utils.Template(sampling_rate=rate_hz, offset=0.01, template_bpm=template_bpm, seconds_len=seconds)
        distance = places.rpeaks[2] - places.rpeaks[1]
        return cls(
            r_peaks=places.rpeaks,
            end_samples=seconds * rate_hz,
            to_t_end=int(utils.qrs_off_to_t_off_karjalainen_to_percent(template_bpm) * distance),
            to_p_onset=int((1 - utils.p_on_to_qrs_on_carrutheres(template_bpm)) * distance),
            own_to_t_end=float(np.clip(utils.qrs_off_to_t_off_karjalainen_to_percent(heart_rate_bpm), 0, 0.5)),
            own_to_p_onset=float(np.clip(1 - utils.p_on_to_qrs_on_carrutheres(heart_rate_bpm), 0.6, 1)),
        )


def warp(signal: Leads, peaks: NDArray[np.int64], template: Template, rate_hz: int) -> Leads:
    """Return the leads (leads, samples) with their R peaks on the template's; NaN where there is nothing to put.

    Raises IndexError, ValueError or ZeroDivisionError where the distances of the beats fit no heartbeat.
    """
    warped = np.full(signal.shape, np.nan)
    before, after = int(rate_hz * Q_TO_R_MS / 1000), int(rate_hz * R_TO_S_MS / 1000)
    for beat in range(len(peaks) - 1):
        _move(signal, warped, (int(peaks[beat]), int(peaks[beat + 1])), (template, beat, before, after))
    return warped


def _move(signal: Leads, warped: Leads, beat: tuple[int, int], plan: tuple[Template, int, int, int]) -> None:
    """Put one beat, from its QRS complex to the next one, at its place."""
    (peak, following), (template, index, before, after) = beat, plan
    at, limit = int(template.r_peaks[index]), template.end_samples
    t_end = peak + int(template.own_to_t_end * (following - peak))
    p_onset = min(peak + int(template.own_to_p_onset * (following - peak)), limit)
    to_t_end, to_p_onset = at + template.to_t_end, min(at + template.to_p_onset, limit)
    _stretch(signal, warped, (t_end, p_onset), (to_t_end, to_p_onset))
    _stretch(signal, warped, (peak + after, t_end), (at + after, to_t_end))
    next_at = int(template.r_peaks[index + 1])
    if min(following - p_onset, next_at - to_p_onset) > MIN_GAP and following + OVERLAP <= limit:
        _stretch(signal, warped, (p_onset, following - before), (to_p_onset, next_at - before))
    lead_in = min(before, at)
    warped[:, at - lead_in : at + after] = signal[:, peak - lead_in : peak + after]
    _join(warped, to_t_end, to_p_onset)


def _stretch(signal: Leads, warped: Leads, source: tuple[int, int], target: tuple[int, int]) -> None:
    samples, wanted = source[1] - source[0] + 2 * OVERLAP, target[1] - target[0] + 2 * OVERLAP
    segment = signal[:, source[0] - OVERLAP : source[1] + OVERLAP]
    if samples != wanted:
        segment = _resampled(segment, int(segment.shape[1] * wanted / samples))
    warped[:, target[0] : target[1]] = segment[:, OVERLAP:-OVERLAP]


def _resampled(segment: Leads, wanted: int) -> Leads:
    """Return the leads at another number of samples, as `scipy.signal.resample` does under a Hamming window."""
    given = segment.shape[1]
    spectrum = rfft(segment, axis=1) * _taper(given)
    kept = min(given, wanted)
    spectrum = spectrum[:, : kept // 2 + 1]
    if kept % 2 == 0 and given != wanted:
        # The middle of a spectrum stands for two frequencies where there is room for both.
        spectrum[:, -1] *= 2 if wanted < given else 0.5
    resampled: Leads = irfft(spectrum, wanted, axis=1) * (wanted / given)
    return resampled


@lru_cache(maxsize=2048)
def _taper(samples: int) -> NDArray[np.float64]:
    """Return the Hamming window over the frequencies of so many samples."""
    window = ifftshift(get_window("hamming", samples))
    folded: NDArray[np.float64] = (window + np.roll(window[::-1], 1)) / 2
    return folded[: samples // 2 + 1]


def _join(warped: Leads, t_end: int, p_onset: int) -> None:
    """Smooth the two seams."""
    if t_end:
        warped[:, t_end] = warped[:, [t_end - 1, t_end + 1]].mean(axis=1)
    if p_onset:
        warped[:, p_onset] = warped[:, [p_onset - 1, p_onset + 1]].mean(axis=1)
        left = max(0, p_onset - 1)
        smoothed = uniform_filter1d(warped[:, left : p_onset + 2], size=3, axis=1, mode="nearest")
        warped[:, p_onset - 1 : p_onset + 2] = smoothed[:, p_onset - 1 - left :]
