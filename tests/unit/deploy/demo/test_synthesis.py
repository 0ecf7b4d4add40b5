import time

import numpy as np
import pytest
from numpy.typing import NDArray

from deploy.demo.pathologies import PATHOLOGIES, Pathology
from deploy.demo.synthesis import AnnotatedEcg, synthesize, synthesize_annotated
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest

SEEDS = range(24)
RATE = 500
BEFORE = 150


def median_beat(ecg: AnnotatedEcg) -> dict[str, NDArray[np.float64]]:
    """Per lead, 300 ms before to 600 ms after the R peak, the PR segment at zero."""
    signal, peaks = ecg.recording.signal, ecg.truth.r_peaks
    whole = peaks[(peaks >= BEFORE) & (peaks < signal.shape[1] - 300)]
    beat = np.median([signal[:, peak - BEFORE : peak + 300] for peak in whole], axis=0)
    onset = relative(ecg, ecg.truth.qrs_onsets)
    return dict(zip(STANDARD_LEADS, beat - beat[:, onset - 6 : onset - 1].mean(axis=1, keepdims=True), strict=True))


def relative(ecg: AnnotatedEcg, positions: NDArray[np.float64]) -> int:
    return BEFORE + round(float(np.nanmedian(positions - ecg.truth.r_peaks)))


def qrs(ecg: AnnotatedEcg) -> dict[str, NDArray[np.float64]]:
    window = slice(relative(ecg, ecg.truth.qrs_onsets), relative(ecg, ecg.truth.qrs_offsets))
    return {lead: beat[window] for lead, beat in median_beat(ecg).items()}


def st_level(ecg: AnnotatedEcg) -> dict[str, float]:
    """Millivolt 40 ms after the end of the QRS."""
    at = relative(ecg, ecg.truth.qrs_offsets) + 20
    return {lead: float(beat[at - 3 : at + 4].mean()) for lead, beat in median_beat(ecg).items()}


def t_level(ecg: AnnotatedEcg) -> dict[str, float]:
    at = relative(ecg, ecg.truth.t_peaks)
    return {lead: float(beat[at - 5 : at + 6].mean()) for lead, beat in median_beat(ecg).items()}


def qrs_ms(ecg: AnnotatedEcg) -> float:
    return float(np.nanmedian(ecg.truth.qrs_offsets - ecg.truth.qrs_onsets)) * 1000 / RATE


def patients(pathology: Pathology) -> list[AnnotatedEcg]:
    return [synthesize_annotated(pathology, seed=seed) for seed in SEEDS]


@pytest.mark.parametrize("pathology", PATHOLOGIES)
def test_is_a_ten_second_twelve_lead_recording(pathology: Pathology) -> None:
    recording = synthesize(pathology, seed=1)

    assert recording.signal.shape == (12, 5000)
    assert recording.signal.dtype == np.float32
    assert recording.leads == STANDARD_LEADS
    assert recording.rate_hz == RATE
    assert recording.age_years is not None
    assert recording.sex in {"female", "male"}
    assert np.isfinite(recording.signal).all()
    assert np.abs(recording.signal).max() < 6


@pytest.mark.parametrize("pathology", PATHOLOGIES)
def test_limb_leads_obey_the_lead_algebra(pathology: Pathology) -> None:
    one, two, three, avr, avl, avf = synthesize(pathology, seed=2).signal[:6]

    np.testing.assert_allclose(three, two - one, atol=1e-6)
    np.testing.assert_allclose(avr, -(one + two) / 2, atol=1e-6)
    np.testing.assert_allclose(avl, one - two / 2, atol=1e-6)
    np.testing.assert_allclose(avf, two - one / 2, atol=1e-6)


def test_the_seed_decides_everything() -> None:
    first, again, other = (synthesize("normal", seed=seed).signal for seed in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.05)


def test_another_rate_shows_the_same_patient() -> None:
    fine, coarse = (synthesize_annotated("normal", seed=5, rate_hz=rate) for rate in (500, 250))

    assert coarse.recording.signal.shape == (12, 2500)
    np.testing.assert_allclose(coarse.truth.r_peaks / 250, fine.truth.r_peaks / 500, atol=0.004)
    assert coarse.recording.age_years == fine.recording.age_years


@pytest.mark.parametrize("pathology", PATHOLOGIES)
def test_r_peaks_stand_where_the_leads_are_largest(pathology: Pathology) -> None:
    ecg = synthesize_annotated(pathology, seed=6)
    size = np.linalg.norm(ecg.recording.signal, axis=0)

    for peak in ecg.truth.r_peaks:
        around = size[max(0, peak - 40) : peak + 41]
        assert size[peak] > 0.6 * around.max()
    quiet = np.ones(size.size, dtype=bool)
    for peak in ecg.truth.r_peaks:
        quiet[max(0, peak - 60) : peak + 60] = False
    assert size[ecg.truth.r_peaks].min() > np.percentile(size[quiet], 90)


def test_waves_follow_each_other() -> None:
    truth = synthesize_annotated("normal", seed=7).truth
    order = [
        truth.p_onsets,
        truth.p_peaks,
        truth.p_offsets,
        truth.qrs_onsets,
        truth.r_peaks,
        truth.qrs_offsets,
        truth.t_onsets,
        truth.t_peaks,
        truth.t_offsets,
    ]

    whole = np.isfinite(np.stack(order)).all(axis=0)

    assert whole.sum() >= 8
    assert (np.diff(np.stack(order)[:, whole], axis=0) > 0).all()


@pytest.mark.parametrize("rate_bpm", [45, 60, 90, 140])
@pytest.mark.parametrize("pathology", ["normal", "atrial_fibrillation"])
def test_heart_rate_is_the_one_asked_for(pathology: str, rate_bpm: float) -> None:
    truth = synthesize_annotated(pathology, seed=8, duration_s=60, heart_rate_bpm=rate_bpm).truth

    assert 60 * RATE / np.diff(truth.r_peaks).mean() == pytest.approx(rate_bpm, rel=0.08)


def test_normal_is_within_normal_limits() -> None:
    for ecg in patients(Pathology.NORMAL):
        complexes, truth = qrs(ecg), ecg.truth

        assert 60 <= qrs_ms(ecg) <= 110
        assert 110 <= np.nanmedian(truth.qrs_onsets - truth.p_onsets) * 2 <= 210
        assert np.diff(truth.r_peaks).std() / np.diff(truth.r_peaks).mean() < 0.06
        assert complexes["V1"].max() > 0.1
        assert -complexes["V1"].min() > complexes["V1"].max()
        assert complexes["V5"].max() > 0.6
        assert max(map(abs, st_level(ecg).values())) < 0.15


def test_atrial_fibrillation_is_irregular_and_has_no_p() -> None:
    for ecg in patients(Pathology.ATRIAL_FIBRILLATION):
        intervals = np.diff(ecg.truth.r_peaks)

        assert intervals.std() / intervals.mean() > 0.12
        assert np.isnan(ecg.truth.p_peaks).all()


def test_left_bundle_branch_block_is_wide_with_discordant_t() -> None:
    for ecg in patients(Pathology.LEFT_BUNDLE_BRANCH_BLOCK):
        complexes, recovery = qrs(ecg), t_level(ecg)

        assert qrs_ms(ecg) >= 138
        assert complexes["V1"].min() < -0.7
        assert complexes["V1"].max() < 0.35
        assert complexes["V6"].max() > 0.5
        assert complexes["V6"].min() > -0.2
        assert recovery["V1"] > 0.1
        assert recovery["V6"] < -0.05
        assert complexes["I"].max() > 0.25


def test_right_bundle_branch_block_has_rsr_in_v1_and_wide_s_in_v6() -> None:
    for ecg in patients(Pathology.RIGHT_BUNDLE_BRANCH_BLOCK):
        complexes = qrs(ecg)
        first, second = np.array_split(complexes["V1"], 2)

        assert qrs_ms(ecg) >= 120
        assert second.max() > 0.5
        assert second.max() > first.max()
        assert complexes["V1"].min() < 0
        assert complexes["V6"].min() < -0.2
        assert complexes["I"].min() < -0.1
        assert t_level(ecg)["V1"] < 0


def test_anterior_infarction_has_q_and_st_elevation_in_front() -> None:
    for ecg in patients(Pathology.ANTERIOR_INFARCTION):
        complexes, st = qrs(ecg), st_level(ecg)

        assert complexes["V2"][: complexes["V2"].size // 2].max() < 0.08
        assert complexes["V2"].min() < -0.4
        assert min(st["V2"], st["V3"], st["V4"]) > 0.1
        assert max(st["II"], st["III"], st["aVF"]) < st["V3"] / 2


def test_inferior_infarction_has_q_and_st_elevation_below_and_the_reciprocal_above() -> None:
    for ecg in patients(Pathology.INFERIOR_INFARCTION):
        complexes, st = qrs(ecg), st_level(ecg)

        assert max(complexes["III"].min(), complexes["aVF"].min()) < -0.15
        assert st["III"] > st["II"] > 0
        assert st["III"] > 0.1
        assert st["aVL"] < -0.05


def test_hypertrophy_meets_sokolow_lyon_with_strain() -> None:
    for ecg in patients(Pathology.HYPERTROPHY):
        complexes = qrs(ecg)

        assert complexes["V5"].max() - complexes["V1"].min() > 3.5
        assert t_level(ecg)["V6"] < -0.05
        assert st_level(ecg)["V5"] < 0


def test_takes_less_than_ten_milliseconds() -> None:
    synthesize("normal", seed=0)
    spent = []

    for seed in range(10):
        started = time.perf_counter()
        synthesize("atrial_fibrillation", seed=seed)
        spent.append(time.perf_counter() - started)

    assert min(spent) < 0.01


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"pathology": "heartache"}, "heartache"),
        ({"pathology": "normal", "rate_hz": 0}, "rate_hz"),
        ({"pathology": "normal", "duration_s": 0}, "duration_s"),
        ({"pathology": "normal", "duration_s": float("nan")}, "duration_s"),
        ({"pathology": "normal", "heart_rate_bpm": 900}, "heart_rate_bpm"),
    ],
)
def test_refuses_what_no_heart_does(arguments: dict[str, str | float], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        synthesize(seed=0, **arguments)  # type: ignore[arg-type]
