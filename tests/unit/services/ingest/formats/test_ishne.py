from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.ishne_files import ishne_of, microvolts

LEADS = twelve_leads()
NOTHING = Declaration()
FILE = ishne_of(microvolts(LEADS))


def test_every_lead_reads_back_to_the_sample() -> None:
    decoded = sniffed(FILE, NOTHING)

    np.testing.assert_allclose(decoded.recording.signal, LEADS, atol=1e-6)
    assert (decoded.format_name, decoded.recording.leads, decoded.recording.rate_hz) == ("ishne", STANDARD_LEADS, 500)
    assert codes(decoded.recording) == {"lead_algebra"}


def test_person_and_recorder_are_told_without_a_name() -> None:
    recording = read(ishne_of(microvolts(LEADS), recorder=b"Hilter 9\0junk"), Declaration(pseudonym_key=b"key"))

    assert (recording.age_years, recording.sex, recording.acquisition.device) == (70.0, "female", "Hilter 9")
    assert recording.patient == Declaration(pseudonym_key=b"key").pseudonym("P-17")


def test_the_beginning_and_the_resolutions_are_kept() -> None:
    acquisition = read(FILE, NOTHING).acquisition

    assert acquisition.acquired_at == "2020-02-01T12:30:00"
    assert acquisition.scales == tuple(Scale(name, 1000.0, "nV") for name in STANDARD_LEADS)


def test_dates_and_codes_that_are_unknown_stay_unknown() -> None:
    recording = read(ishne_of(microvolts(LEADS), birth=(-9, -9, -9), sex=0, id=b""), NOTHING)

    assert (recording.age_years, recording.sex, recording.patient, recording.acquisition.device) == (
        None,
        None,
        None,
        None,
    )


def test_each_lead_has_its_own_resolution_and_code() -> None:
    file = ishne_of(microvolts(LEADS[[6, 1, 0]]), (11, 6, 5), nanovolt=(500, 2000, 1000))

    recording = read(file, NOTHING)

    assert recording.leads == STANDARD_LEADS[:7]
    np.testing.assert_allclose(recording.signal[[0, 1, 6]], LEADS[[0, 1, 6]] * [[1], [2], [0.5]], atol=1e-6)
    assert {"derived_leads", "missing_leads"} <= codes(recording)


def test_leads_outside_the_twelve_keep_their_names() -> None:
    file = ishne_of(microvolts(LEADS[:7]), (5, 2, 3, 4, 1, 0, 19))

    assert read(file, NOTHING).leads == ("I", "X", "Y", "Z", "bipolar 5", "lead 6", "AI")


def test_samples_lie_behind_a_header_of_any_length() -> None:
    recording = read(ishne_of(microvolts(LEADS), variable=b"maker's own text\r\n"), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "checksum_mismatch" not in codes(recording)


def test_missing_samples_and_leads_are_not_numbers() -> None:
    raw = microvolts(LEADS)
    raw[0, 5] = raw[11] = -32768

    recording = read(ishne_of(raw, nanovolt=(1000,) * 11 + (-9,)), NOTHING)

    assert np.isnan(recording.signal[0, 5])
    assert np.isnan(recording.signal[11]).all()
    assert {"gaps", "missing_leads"} <= codes(recording)


def test_a_wrong_checksum_and_poor_leads_are_told() -> None:
    recording = read(ishne_of(microvolts(LEADS), checksum=1, qualities=(1, 5, 2)), NOTHING)

    assert {"checksum_mismatch", "device_quality"} <= codes(recording)
    assert any("II often disconnected, III noisy at times" in remark.text for remark in recording.remarks)


@pytest.mark.parametrize(
    ("samples", "remark"), [(7200, "length_of_all_leads"), (0, "inferred_length"), (-9, "inferred_length")]
)
def test_other_ways_to_count_samples_are_told(samples: int, remark: str) -> None:
    recording = read(ishne_of(microvolts(LEADS), samples=samples), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert remark in codes(recording)


def test_bytes_behind_the_samples_are_told() -> None:
    recording = read(ishne_of(microvolts(LEADS), samples=500), NOTHING)

    assert recording.samples == 500
    assert "trailing_bytes" in codes(recording)


def test_what_the_file_leaves_open_is_declared_or_refused() -> None:
    file = ishne_of(microvolts(LEADS), nanovolt=(-9,) * 12, rate=-9)

    recording = read(file, Declaration(rate_hz=250, gain_adu_per_mv=1000))

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert recording.rate_hz == 250
    with pytest.raises(UnreadableFile, match="declare sampling_rate_hz"):
        read(file, Declaration(gain_adu_per_mv=1000))
    with pytest.raises(UnreadableFile, match="declare gain_adu_per_mv"):
        read(file, Declaration(rate_hz=250))


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (FILE[:400], "header is not whole"),
        (FILE[:522], "none are there"),
        (FILE[:-1], "600 samples of 12 leads were expected, 599 are there"),
        (b"ANN  1.0" + FILE[8:], "annotations only"),
        (ishne_of(microvolts(LEADS), count=0), "announces 0 leads"),
        (ishne_of(microvolts(LEADS), count=13), "announces 13 leads"),
        (ishne_of(microvolts(LEADS), samples=2**31 - 1), "2147483647 samples of 12 leads were expected"),
        (ishne_of(microvolts(LEADS), start=100), "begin at byte 100"),
        (ishne_of(microvolts(LEADS), start=2**31 - 1), "none are there"),
        (ishne_of(microvolts(LEADS), (5,) * 12), "twice"),
        (ishne_of(microvolts(LEADS[:3]), (2, 3, 4)), "None of the standard leads"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_sentence(file: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read(file, NOTHING)


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(8, 530), st.integers(0, 255)), max_size=8),
    length=st.integers(100, len(FILE)) | st.just(len(FILE)),
)
def test_a_damaged_file_is_read_or_refused(changes: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(FILE)
    for place, value in changes:
        damaged[place] = value

    with suppress(PlatformError):
        assert 2 * read(bytes(damaged[:length]), NOTHING, name="fuzz").samples <= length
