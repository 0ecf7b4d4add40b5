import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, signal

from services.shared.ecg import MIMIC_LEADS, STANDARD_LEADS, Recording
from services.shared.errors import InvalidRequest
from services.shared.model_contract import InputContract, Step
from services.shared.preprocessing import PRESETS, prepare, standardize

RAW = InputContract(tensor="ecg", rate_hz=100, samples=1000)


def twelve(samples: int = 5000, rate_hz: float = 500, seed: int = 0) -> Recording:
    rng = np.random.default_rng(seed)
    limb = rng.normal(size=(2, samples)).astype(np.float32)
    one, two = limb
    augmented = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    chest = rng.normal(size=(6, samples)).astype(np.float32)
    return Recording(np.concatenate([augmented, chest]).astype(np.float32), STANDARD_LEADS, rate_hz)


def without(recording: Recording, *leads: str) -> Recording:
    kept = [row for row, lead in enumerate(recording.leads) if lead not in leads]
    return Recording(recording.signal[kept], tuple(recording.leads[row] for row in kept), recording.rate_hz)


def contract(*steps: Step, **changes: object) -> InputContract:
    return InputContract.model_validate(
        {"tensor": "ecg", "rate_hz": 100, "samples": 1000, "preprocessing": steps} | changes
    )


def moving_median(data: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    return np.stack([ndimage.median_filter(lead, size=window, mode="reflect") for lead in data])


def test_a_signal_of_the_contracts_rate_and_length_stays_as_it_is() -> None:
    recording = twelve(1000, 100)

    prepared = prepare(recording, RAW)

    assert prepared.signal.dtype == np.float32
    assert np.array_equal(prepared.signal, recording.signal)
    assert prepared.remarks == ()


def test_the_first_ten_seconds_are_taken_and_resampled() -> None:
    recording = twelve(7000)

    prepared = prepare(recording, RAW)

    expected = signal.resample(recording.signal[:, :5000], 1000, axis=1)
    np.testing.assert_allclose(prepared.signal, expected, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [128.5, 250, 257, 360, 1000])
def test_any_rate_gives_the_contracts_shape(rate_hz: float) -> None:
    prepared = prepare(twelve(round(11 * rate_hz), rate_hz), RAW)

    assert prepared.signal.shape == (12, 1000)
    assert prepared.remarks == ()


def test_a_shorter_recording_is_extended_with_its_median_and_marked() -> None:
    recording = twelve(600, 100)

    ecg = standardize(recording, RAW)

    assert ecg.extended
    assert [remark.code for remark in ecg.remarks] == ["extended"]
    assert np.array_equal(ecg.signal[:, :600], recording.signal)
    assert np.array_equal(ecg.signal[:, 700], np.median(recording.signal, axis=1))


def test_leads_come_in_the_contracts_order() -> None:
    recording = twelve(1000, 100)

    prepared = prepare(recording, contract(leads=MIMIC_LEADS))

    assert np.array_equal(prepared.signal[4], recording.signal[STANDARD_LEADS.index("aVF")])
    assert np.array_equal(prepared.signal[5], recording.signal[STANDARD_LEADS.index("aVL")])


@pytest.mark.parametrize(
    "missing", [("III", "aVR", "aVL", "aVF"), ("I",), ("I", "II"), ("I", "II", "III", "aVR"), ("II", "aVF")]
)
def test_missing_limb_leads_are_derived_from_any_two(missing: tuple[str, ...]) -> None:
    recording = twelve(1000, 100)

    prepared = prepare(without(recording, *missing), RAW)

    np.testing.assert_allclose(prepared.signal, recording.signal, atol=1e-5)
    assert [remark.code for remark in prepared.remarks] == ["derived_leads"]


def test_missing_chest_leads_are_named() -> None:
    with pytest.raises(InvalidRequest, match="nothing recorded on V2, V6,"):
        prepare(without(twelve(1000, 100), "V6", "V2"), RAW)


def test_one_limb_lead_is_not_enough_to_derive_others() -> None:
    with pytest.raises(InvalidRequest, match="nothing recorded on II, III, aVR, aVL, aVF,"):
        prepare(without(twelve(1000, 100), "II", "III", "aVR", "aVL", "aVF"), RAW)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_gaps_are_refused_with_the_lead(value: float) -> None:
    recording = twelve(1000, 100)
    recording.signal[7, 500] = value

    with pytest.raises(InvalidRequest, match="Samples of V2 were not recorded"):
        prepare(recording, RAW)


def test_gaps_after_the_first_ten_seconds_do_not_matter() -> None:
    recording = twelve(1200, 100)
    recording.signal[7, 1100] = np.nan

    assert np.isfinite(prepare(recording, RAW).signal).all()


def test_a_lead_that_was_never_recorded_is_missing() -> None:
    recording = twelve(1000, 100)
    recording.signal[[2, 8]] = np.nan

    with pytest.raises(InvalidRequest, match="nothing recorded on V3,"):
        prepare(recording, RAW)


def test_the_exchangeai_preset_clips_then_subtracts_a_moving_median_of_two_seconds() -> None:
    recording = twelve(1000, 100)
    recording.signal[3, 20] = 1e3

    prepared = prepare(recording, contract(*PRESETS["exchangeai"]))

    q1, q3 = np.quantile(recording.signal, [0.01, 0.99], axis=1, keepdims=True).astype(np.float32)
    clipped = np.clip(recording.signal, q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    np.testing.assert_allclose(prepared.signal, clipped - moving_median(clipped, 201), atol=1e-5)


def test_the_cardx_preset_subtracts_200_ms_then_clips() -> None:
    recording = twelve(1000, 100)

    prepared = prepare(recording, contract(*PRESETS["cardx"]))

    level = recording.signal - moving_median(recording.signal, 21)
    low, high = np.percentile(level, [0.01, 99.99], axis=1, keepdims=True)
    np.testing.assert_allclose(prepared.signal, np.clip(level, low, high), atol=1e-5)


def test_a_model_in_microvolt_is_fed_microvolt() -> None:
    recording = twelve(1000, 100)

    prepared = prepare(recording, contract(unit="uV"))

    np.testing.assert_allclose(prepared.signal, recording.signal * 1000, rtol=1e-6)


def test_min_max_and_z_score_look_at_the_whole_ecg() -> None:
    recording = twelve(1000, 100)

    scaled = prepare(recording, contract(Step(name="min_max"))).signal
    scored = prepare(recording, contract(Step(name="z_score"))).signal

    assert (scaled.min(), scaled.max()) == (-1.0, 1.0)
    assert scored.mean() == pytest.approx(0, abs=1e-5)
    assert scored.std() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["min_max", "z_score"])
def test_a_flat_ecg_stays_finite(name: str) -> None:
    flat = Recording(np.zeros((12, 1000), np.float32), STANDARD_LEADS, 100)

    prepared = prepare(flat, contract(Step.model_validate({"name": name})))

    assert np.isfinite(prepared.signal).all()


def test_a_median_window_longer_than_the_ecg_is_taken_as_long_as_it_can() -> None:
    steps = Step(name="subtract_moving_median", parameters={"seconds": 60})

    prepared = prepare(twelve(1000, 100), contract(steps))

    assert prepared.signal.shape == (12, 1000)


def test_the_recording_is_left_untouched() -> None:
    recording = twelve(1000, 100)
    before = recording.signal.copy()

    prepare(recording, contract(*PRESETS["exchangeai"], Step(name="min_max")))

    assert np.array_equal(recording.signal, before)
