"""How good an ECG is: what is clean, what is spoilt, and what hardly is an ECG."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from services.shared.ecg import STANDARD_LEADS, Recording, Signal
from services.shared.quality import Flag, Grade, Pacing, Quality, assess, assess_recording
from tests.unit.services.shared.quality.hearts import ecg

RATE_HZ = 500.0
CLEAN = ecg()
NAN = float("nan")


def judged(signal: Signal, rate_hz: float = RATE_HZ) -> Quality:
    return assess(signal.astype(np.float32), STANDARD_LEADS, rate_hz)


def flagged(found: Quality) -> dict[str, tuple[Flag, ...]]:
    return {lead.lead: lead.flags for lead in found.leads if lead.flags}


def spoilt(row: int, values: Signal | float, part: slice = slice(None)) -> Signal:
    signal = CLEAN.copy()
    signal[row, part] = values
    return signal


def test_a_clean_ecg_is_good_without_a_word() -> None:
    found = assess_recording(Recording(signal=CLEAN, leads=STANDARD_LEADS, rate_hz=RATE_HZ))

    assert (found.grade, found.reasons, flagged(found)) == (Grade.GOOD, (), {})
    assert (found.suspected_reversal, found.pacing, found.judged_s) == (None, Pacing.NONE, 10.0)
    assert found.residual_mv == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 257.0, 1000.0, 10_000.0])
@pytest.mark.parametrize("seconds", [2.0, 10.0])
def test_rates_and_lengths_do_not_spoil_it(rate_hz: float, seconds: float) -> None:
    found = judged(ecg(seconds, rate_hz), rate_hz)

    assert (found.grade, found.suspected_reversal) == (Grade.GOOD, None)
    assert (found.pacing is Pacing.NOT_JUDGED) == (rate_hz < 500)


def test_a_day_costs_twelve_windows() -> None:
    day = np.tile(ecg(60, 100), (1, 60 * 24))

    found = judged(day, 100)

    assert (found.grade, found.judged_s) == (Grade.GOOD, 120.0)


def test_a_sample_is_judged() -> None:
    assert judged(CLEAN[:, :1]).grade is Grade.UNUSABLE


@pytest.mark.parametrize("value", [0.0, 1.5, np.nan])
def test_what_never_changes_is_unusable(value: float) -> None:
    found = judged(np.full((12, 5000), value, np.float32))

    assert found.grade is Grade.UNUSABLE
    assert set(flagged(found).values()) == {(Flag.MISSING if np.isnan(value) else Flag.FLAT,)}
    assert [reason.code for reason in found.reasons] == ["missing" if np.isnan(value) else "flat", "lost_leads"]


def test_one_lead_is_judged_by_itself() -> None:
    found = assess(CLEAN[1:2], ("II",), RATE_HZ)

    assert (found.grade, found.residual_mv, found.suspected_reversal) == (Grade.GOOD, None, None)


def test_leads_of_other_names_are_judged() -> None:
    found = assess(CLEAN[:3], ("X", "Y", "Z"), RATE_HZ)

    assert (found.grade, len(found.leads)) == (Grade.GOOD, 3)


def test_a_gap_is_told_and_nothing_is_made_of_its_edges() -> None:
    found = judged(spoilt(7, NAN, slice(1000, 1800)))

    assert (found.grade, flagged(found)) == (Grade.USABLE, {"V2": (Flag.MISSING,)})
    assert found.leads[7].missing_share == pytest.approx(0.16)


def test_a_lead_that_was_not_connected_is_lost() -> None:
    found = judged(spoilt(11, NAN))

    assert (found.grade, found.leads[11].is_lost) == (Grade.POOR, True)
    assert [reason.text for reason in found.reasons] == ["V6: samples are missing.", "V6: of no use."]


def test_a_lead_that_stands_still_for_a_while_is_flagged() -> None:
    found = judged(spoilt(6, 0.1, slice(1000, 2500)))

    assert (found.grade, flagged(found)) == (Grade.USABLE, {"V1": (Flag.FLAT,)})
    assert found.leads[6].flat_s == pytest.approx(3, abs=0.2)


def test_mislabelled_limb_leads_contradict_each_other() -> None:
    found = judged(CLEAN[[0, 1, 2, 5, 4, 3, 6, 7, 8, 9, 10, 11]])

    assert found.grade is Grade.POOR
    assert "lead_algebra" in {reason.code for reason in found.reasons}
    assert found.residual_mv is not None
    assert found.residual_mv > 0.5


def test_an_offset_is_no_fault() -> None:
    assert judged(CLEAN + np.float32(250)).grade is Grade.GOOD


def test_what_half_of_a_long_recording_suffers_is_told() -> None:
    long = np.tile(CLEAN, (1, 4))
    long[3, 10_000:] += np.float32(0.3) * np.random.default_rng(1).normal(size=10_000).astype(np.float32)

    found = judged(long)

    assert Flag.NOISE in found.leads[3].flags


def test_only_what_is_poor_or_interchanged_warns() -> None:
    assert not judged(CLEAN).is_warning
    assert not judged(spoilt(6, 0.1, slice(1000, 2500))).is_warning
    assert judged(spoilt(6, 0.1)).is_warning


def test_the_signal_is_left_as_it_is() -> None:
    signal = spoilt(7, NAN, slice(1000, 1800))
    before = signal.copy()

    judged(signal)

    np.testing.assert_array_equal(signal, before)


def test_real_ecgs_are_good_or_usable(data_dir: Path) -> None:
    for number in range(1, 11):
        record = wfdb.rdrecord(str(data_dir / "ludb" / str(number)))
        leads = tuple(name.upper().replace("AV", "aV") for name in record.sig_name)

        found = assess(record.p_signal.T.astype(np.float32), leads, record.fs)

        assert found.grade in {Grade.GOOD, Grade.USABLE}, (number, found.reasons)
        assert (found.pacing is Pacing.SUSPECTED) == (number == 8)
