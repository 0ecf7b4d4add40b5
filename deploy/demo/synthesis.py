"""Synthesized 12-lead ECGs with visible pathology, and the truth about where their waves are.

A heart vector (`morphology`, `heartbeat`) beats in a rhythm (`rhythm`), lies in a patient's chest (`patient`, `torso`)
and is recorded with what electrodes add (`noise`). Everything follows from the seed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.demo import noise
from deploy.demo.heartbeat import WaveTimes, heart_vector, wave_times
from deploy.demo.morphology import Wave
from deploy.demo.pathologies import PATHOLOGIES, Pathology, pathology_named
from deploy.demo.patient import Patient, draw_patient
from deploy.demo.rhythm import Rhythm, draw_rhythm, resting_rate
from deploy.demo.torso import INDEPENDENT_LEADS, twelve_leads
from services.shared.acquisition import Acquisition
from services.shared.ecg import MAX_RATE_HZ, STANDARD_LEADS, Recording
from services.shared.errors import InvalidRequest

_SLOWEST_BPM: Final = 25.0
_FASTEST_BPM: Final = 200.0
_LOWEST_RATE_HZ: Final = 50.0
_LONGEST_S: Final = 600.0
_SHORTEST_S: Final = 1.0

Positions = NDArray[np.float64]
"""Samples from the start of the recording, one per beat; NaN where the beat has no such wave or it lies outside."""


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Where the waves of a synthesized ECG are; one entry per beat whose QRS peak lies inside the recording."""

    r_peaks: NDArray[np.int64]
    """Samples at which the QRS vector is longest."""
    qrs_onsets: Positions
    qrs_offsets: Positions
    p_onsets: Positions
    p_peaks: Positions
    p_offsets: Positions
    t_onsets: Positions
    t_peaks: Positions
    t_offsets: Positions


@dataclass(frozen=True, slots=True)
class AnnotatedEcg:
    """A synthesized ECG with its diagnosis and the truth about its waves."""

    recording: Recording
    pathology: Pathology
    truth: GroundTruth


def synthesize(
    pathology: str, *, seed: int, rate_hz: float = 500, duration_s: float = 10, heart_rate_bpm: float | None = None
) -> Recording:
    """Synthesize one ECG; the same arguments give the same ECG. Raises InvalidRequest for what no heart does."""
    annotated = synthesize_annotated(
        pathology, seed=seed, rate_hz=rate_hz, duration_s=duration_s, heart_rate_bpm=heart_rate_bpm
    )
    return annotated.recording


def synthesize_annotated(
    pathology: str, *, seed: int, rate_hz: float = 500, duration_s: float = 10, heart_rate_bpm: float | None = None
) -> AnnotatedEcg:
    """Synthesize one ECG with the truth about its waves."""
    kind = pathology_named(pathology)
    _check("rate_hz", rate_hz, _LOWEST_RATE_HZ, MAX_RATE_HZ)
    _check("duration_s", duration_s, _SHORTEST_S, _LONGEST_S)
    # Streams of their own, so that a patient stays the same at another rate or length.
    streams = np.random.default_rng([seed, PATHOLOGIES.index(kind)]).spawn(3)
    patient = draw_patient(kind, streams[0])
    rate_bpm = resting_rate(kind, streams[0]) if heart_rate_bpm is None else heart_rate_bpm
    _check("heart_rate_bpm", rate_bpm, _SLOWEST_BPM, _FASTEST_BPM)
    rhythm = draw_rhythm(kind, streams[1], heart_rate_bpm=rate_bpm, breath_hz=patient.breath_hz, duration_s=duration_s)
    samples = round(duration_s * rate_hz)
    recording = _record(kind, patient, rhythm, rng=streams[2], samples=samples, rate_hz=rate_hz)
    return AnnotatedEcg(recording, kind, _truth(patient, rhythm, samples, rate_hz))


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidRequest(f"An ECG cannot be synthesized with {name}={value:g}: expected {low:g} to {high:g}.")


def _record(
    kind: Pathology, patient: Patient, rhythm: Rhythm, *, rng: np.random.Generator, samples: int, rate_hz: float
) -> Recording:
    at_s = np.concatenate([np.arange(samples) / rate_hz, rhythm.beats_s])
    breath = noise.breathing(rng, patient.breath_hz, at_s)
    strength = 1 + 0.03 * breath[samples:] + 0.012 * rng.standard_normal(rhythm.beats_s.size)
    vector = heart_vector(patient.beat, rhythm, strength, samples=samples, rate_hz=rate_hz)
    if kind is Pathology.ATRIAL_FIBRILLATION:
        vector = vector + noise.fibrillatory_waves(rng, samples, rate_hz)
    added = noise.electrode_noise(rng, breath[:samples], len(INDEPENDENT_LEADS), rate_hz)
    return Recording(
        signal=twelve_leads(patient.transform @ vector + added),
        leads=STANDARD_LEADS,
        rate_hz=float(rate_hz),
        age_years=patient.age_years,
        sex=patient.sex,
        acquisition=Acquisition(device="Einthoven synthesizer"),
    )


def _truth(patient: Patient, rhythm: Rhythm, samples: int, rate_hz: float) -> GroundTruth:
    qrs, p, t = (wave_times(patient.beat, wave) for wave in (Wave.QRS, Wave.P, Wave.T))
    peak_s = 0.0 if qrs is None else qrs.peak_s
    inside = (rhythm.beats_s + peak_s >= 0) & (np.round((rhythm.beats_s + peak_s) * rate_hz) < samples)
    beats, slow = rhythm.beats_s[inside], rhythm.recovery[inside]

    def at(times: WaveTimes | None, side: str, pace: NDArray[np.float64]) -> Positions:
        seconds = beats + pace * (np.nan if times is None else getattr(times, side))
        positions = seconds * rate_hz
        return np.where((positions >= 0) & (positions <= samples - 1), positions, np.nan)

    steady = np.ones_like(slow)
    return GroundTruth(
        r_peaks=np.round((beats + peak_s) * rate_hz).astype(np.int64),
        qrs_onsets=at(qrs, "onset_s", steady),
        qrs_offsets=at(qrs, "offset_s", steady),
        p_onsets=at(p, "onset_s", steady),
        p_peaks=at(p, "peak_s", steady),
        p_offsets=at(p, "offset_s", steady),
        t_onsets=at(t, "onset_s", slow),
        t_peaks=at(t, "peak_s", slow),
        t_offsets=at(t, "offset_s", slow),
    )
