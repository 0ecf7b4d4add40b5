from dataclasses import replace

import numpy as np
import pytest

from services.ingest.decoding.assembly import Found, assemble, is_warning
from services.shared.acquisition import Acquisition, Scale
from services.shared.ecg import STANDARD_LEADS, Remark
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, twelve_leads

LEADS = twelve_leads()


def found(signal: np.ndarray, names: tuple[str, ...] = STANDARD_LEADS, rate_hz: float = 500) -> Found:
    return Found(signal.astype(np.float32), names, rate_hz)


def test_a_clean_recording_is_no_warning() -> None:
    assert not is_warning(assemble(found(LEADS)).remarks)


def test_limb_leads_that_contradict_each_other_are_told() -> None:
    swapped = LEADS[[1, 0, *range(2, 12)]]

    recording = assemble(found(swapped))

    assert "lead_algebra_violated" in codes(recording)
    assert is_warning(recording.remarks)


def test_cabreras_lead_is_turned_to_be_the_standard_one() -> None:
    signal = LEADS.copy()
    signal[3] = -signal[3]
    names = tuple("Lead -aVR" if name == "aVR" else name for name in STANDARD_LEADS)

    recording = assemble(replace(found(signal, names), acquisition=Acquisition(scales=(Scale("Lead -aVR", 5, "uV"),))))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert {"inverted_lead", "lead_algebra"} <= codes(recording)
    assert recording.acquisition.scales == (Scale("aVR", 5, "uV"),)


def test_a_lead_that_is_there_both_ways_keeps_both() -> None:
    recording = assemble(found(np.vstack([LEADS, -LEADS[3]]), (*STANDARD_LEADS, "−aVR")))

    assert recording.leads == (*STANDARD_LEADS, "-aVR")
    np.testing.assert_array_equal(recording.signal[12], -LEADS[3])


def test_other_leads_come_after_the_standard_ones() -> None:
    recording = assemble(found(np.vstack([LEADS[:1], LEADS]), ("Vx", *STANDARD_LEADS)))

    assert recording.leads == (*STANDARD_LEADS, "Vx")


def test_a_limb_lead_without_samples_is_derived_where_it_can_be() -> None:
    signal = LEADS.copy()
    signal[4] = np.nan

    recording = assemble(found(signal))

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "derived_leads" in codes(recording)


def test_missing_samples_are_counted() -> None:
    signal = LEADS.copy()
    signal[7, 10:13] = np.nan

    remarks = {remark.code: remark.text for remark in assemble(found(signal)).remarks}

    assert remarks["gaps"] == "Samples are missing: V2 3."


def test_a_signalling_nan_hides_no_sample() -> None:
    signal = LEADS.astype(np.float32)
    signal[:, 0] = 5000
    signal.view(np.uint32)[:, 1:40] = 0x7FA0_0000  # what float16 and damaged files bring along; IEEE 754 has quiet ones

    with pytest.raises(UnreadableFile, match="5000 mV"):
        assemble(found(signal))

    signal[:, 0] = 1
    assert np.nanmax(assemble(found(signal)).signal) == max(1, LEADS.max())


def test_a_lead_that_never_changes_is_told() -> None:
    signal = LEADS.copy()
    signal[8] = 0

    assert "flat_leads" in codes(assemble(found(signal)))


@pytest.mark.parametrize("factor", [0.01, 100])
def test_amplitudes_that_no_surface_ecg_has_are_told(factor: float) -> None:
    assert "unusual_amplitude" in codes(assemble(found(LEADS * factor)))


@pytest.mark.parametrize(
    ("signal", "names", "message"),
    [
        (LEADS * 10_000, STANDARD_LEADS, "unit must be wrong"),
        (np.where(LEADS > 0.9, np.inf, LEADS), STANDARD_LEADS, "infinite"),
        (LEADS * np.nan, STANDARD_LEADS, "no samples"),
        (LEADS[:, :0], STANDARD_LEADS, "no samples"),
        (LEADS, tuple(f"ch{n}" for n in range(12)), "None of the standard leads"),
        (LEADS, ("i", "Lead I", *STANDARD_LEADS[2:]), "I is there twice"),
        (np.zeros((65, 100)), tuple(map(str, range(65))), "65 channels"),
    ],
)
def test_what_cannot_be_an_ecg_is_refused(signal: np.ndarray, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        assemble(found(signal, names))


def test_words_of_a_file_in_a_remark_can_be_shown_and_stored() -> None:
    remark = Remark("other_signals", "a\0b\ud800 was left out.")

    said = Acquisition(device="Ac\0me", statements=("Sinus\x80", "Müller's"))

    recording = assemble(replace(found(LEADS), remarks=(remark,), acquisition=said))

    assert recording.remarks[0] == Remark("other_signals", "a?b? was left out.")
    assert recording.acquisition == Acquisition(device="Ac?me", statements=("Sinus?", "Müller's"))
