from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.edf_files import Channel, edf_of, twelve

LEADS = twelve_leads()
NOTHING = Declaration()


FILE = edf_of(twelve())


def test_every_lead_reads_back_to_the_sample() -> None:
    decoded = sniffed(FILE, NOTHING)

    np.testing.assert_allclose(decoded.recording.signal, LEADS, atol=2e-6)
    assert (decoded.format_name, decoded.recording.leads, decoded.recording.rate_hz) == ("edf", STANDARD_LEADS, 500)
    assert codes(decoded.recording) == {"lead_algebra"}


@pytest.mark.parametrize(("unit", "millivolt"), [("uV", 1e-3), ("µV", 1e-3), ("mV", 1.0), ("V", 1e3), ("nV", 1e-6)])
def test_ranges_and_units_give_gain_and_baseline(unit: str, millivolt: float) -> None:
    digits = np.arange(600) % 1000
    limits = (f"{-0.5 / millivolt:.5g}", f"{1.5 / millivolt:.5g}")
    channel = Channel("I", digits, unit=unit, physical=limits, digital=(0, 1000))

    recording = read(edf_of([channel]), NOTHING)

    np.testing.assert_allclose(recording.signal[0], -0.5 + digits * 0.002, atol=1e-5)


def test_a_range_that_is_upside_down_turns_the_sign() -> None:
    channel = Channel("I", np.round(LEADS[0] * 1000), physical=(1000, -1000), digital=(-1000, 1000))

    np.testing.assert_allclose(read(edf_of([channel]), NOTHING).signal[0], -LEADS[0], atol=1e-6)


@pytest.mark.parametrize(
    "spelling", ["ECG {}", "EKG {}", "ECG-{}", "ECG_{}", "Lead {}", "ECG Lead {}", "ECG {}-Ref", "ecg: {}"]
)
def test_labels_are_spelled_in_many_ways(spelling: str) -> None:
    recording = read(edf_of(twelve(tuple(spelling.format(name) for name in STANDARD_LEADS))), NOTHING)

    assert recording.leads == STANDARD_LEADS
    np.testing.assert_allclose(recording.signal, LEADS, atol=2e-6)


def test_minus_avr_is_turned_and_told() -> None:
    channels = twelve()
    channels[3] = Channel("ECG -aVR", -channels[3].raw)

    recording = read(edf_of(channels), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=2e-6)
    assert codes(recording) == {"inverted_lead", "lead_algebra"}


def test_only_ecg_is_taken_and_the_rest_is_named() -> None:
    noise = np.zeros(60)
    others = [
        Channel("EEG Fpz-Cz", noise, 10),
        Channel("SaO2", noise, 10, unit="%"),
        Channel("EDF Annotations", noise, 10, physical=("", ""), digital=("", "")),
    ]

    recording = read(edf_of([others[0], *twelve(), *others[1:]], kind="EDF+C"), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=2e-6)
    (remark,) = [remark for remark in recording.remarks if remark.code == "other_signals"]
    assert "EEG Fpz-Cz, SaO2 " in remark.text
    assert "Annotations" not in remark.text


def test_leads_beside_the_twelve_stay_where_they_share_the_rate() -> None:
    more = [Channel("V4R", np.arange(600)), Channel("ECG2", np.arange(600)), Channel("ECG X", np.arange(60), 10)]

    recording = read(edf_of([*twelve(), *more]), NOTHING)

    assert recording.leads == (*STANDARD_LEADS, "V4R", "ECG2")
    assert "other_rates" in codes(recording)


def test_person_and_equipment_of_edf_plus() -> None:
    patient, recording_field = "MCH-02 F 02-AUG-1951 Haagse_Harry", "Startdate 02-FEB-2012 PSG-1 NN Telemetry_03"
    file = edf_of(twelve(), kind="EDF+C", patient=patient, recording=recording_field)

    recording = read(file, Declaration(pseudonym_key=b"key"))

    assert (recording.age_years, recording.sex, recording.acquisition.device) == (60, "female", "Telemetry 03")
    assert recording.patient == Declaration(pseudonym_key=b"key").pseudonym("MCH-02")


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "EDF+C", "patient": "X X X X", "recording": "Startdate X X X X"}, {"patient": "Ada 1815"}]
)
def test_what_is_free_text_or_unknown_is_not_taken(fields: dict[str, Any]) -> None:
    recording = read(edf_of(twelve(), **fields), NOTHING)

    assert (recording.age_years, recording.sex, recording.patient, recording.acquisition.device) == (
        None,
        None,
        None,
        None,
    )


def test_an_unknown_number_of_records_is_counted_and_told() -> None:
    recording = read(edf_of(twelve(), announced=-1), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=2e-6)
    assert "inferred_length" in codes(recording)


def test_records_behind_the_announced_are_told() -> None:
    recording = read(edf_of(twelve(), announced=5), NOTHING)

    assert recording.samples == 500
    assert "trailing_bytes" in codes(recording)


def test_a_range_beyond_any_amplifier_is_told() -> None:
    recording = read(edf_of(twelve(unit="mV", physical=(-1000, 1000))), NOTHING)

    assert "implausible_range" in codes(recording)
    np.testing.assert_allclose(recording.signal, (LEADS * 1000 + 0.5) * (2000 / 65535), atol=1e-4)


def test_a_declared_gain_takes_the_place_of_such_a_range_only() -> None:
    declared = Declaration(gain_adu_per_mv=500)

    recording = read(edf_of(twelve(unit="mV", physical=(-1000, 1000))), declared)

    np.testing.assert_allclose(recording.signal, LEADS * 2, atol=2e-6)
    assert codes(recording) == {"placeholder_range", "lead_algebra"}
    np.testing.assert_array_equal(read(FILE, declared).signal, read(FILE, NOTHING).signal)


def test_one_sample_in_a_record_of_little_time() -> None:
    channels = twelve(per_record=1)

    recording = read(edf_of(channels, 600, duration="0.00125"), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=2e-6)
    assert recording.rate_hz == 800


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (FILE[:1000], "header is not whole"),
        (FILE[:-1], "announces 6 data records of 2400 bytes, 5 are there"),
        (edf_of(twelve(), announced=99999999), "99999999 data records"),
        (edf_of(twelve(), announced=0), "announces 0 data records"),
        (edf_of(twelve(), announced="many"), "'many' as the number of data records"),
        (edf_of(twelve(), count=13), "do not fit each other"),
        (edf_of(twelve(), count=0), "do not fit each other"),
        (edf_of(twelve(), header_bytes=512), "do not fit each other"),
        (edf_of(twelve(), duration="0"), "more than 0 were expected"),
        (edf_of(twelve(), duration="NaN"), "'NaN' as the duration"),
        (edf_of(twelve(), kind="EDF+D"), "discontinuous"),
        (edf_of(twelve(digital=(5, 5))), "no gain follows"),
        (edf_of(twelve(digital=(5, "5.5"))), "whole number was expected"),
        (edf_of(twelve(physical=(5, 5))), "no gain follows"),
        (edf_of(twelve(physical=("-1e308", "1e308"))), "no gain follows"),
        (edf_of(twelve(physical=("low", 5))), "'low' as the physical range of 'I'"),
        (edf_of(twelve(unit="")), "is in no unit"),
        (edf_of(twelve(unit="mmHg")), "is in mmHg"),
        (edf_of([Channel("EEG Cz", np.zeros(600))]), "None of the signals EEG Cz is an ECG lead"),
        (edf_of([Channel("ECG", np.zeros(600))]), "None of the standard leads"),
        (edf_of([Channel("I", np.zeros(600)), Channel("II", np.zeros(60), 10)]), "I 100, II 10"),
        (edf_of([Channel("EDF Annotations", np.zeros(600))], duration="0", kind="EDF+C"), "annotations only"),
        (edf_of(twelve(), header_bytes="3328 junk"), "is not an ECG in a format"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_sentence(file: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read(file, NOTHING)


def test_a_declared_edf_that_is_none_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="version 0"):
        read(b"BIOSEMI" * 99, Declaration(format_name="edf"))


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(184, 256 * 13), st.sampled_from(b"0123456789.-+eE_ \0\n\xffNaIV")), max_size=8
    ),
    length=st.integers(100, len(FILE)) | st.just(len(FILE)),
)
def test_a_damaged_file_is_read_or_refused(changes: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(FILE)
    for place, value in changes:
        damaged[place] = value

    with suppress(PlatformError):
        assert 2 * read(bytes(damaged[:length]), Declaration(format_name="edf")).samples <= length
