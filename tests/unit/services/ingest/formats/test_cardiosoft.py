from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.xmls import cardiosoft_of, disclosure_of, mutations, strip_of

LEADS = twelve_leads()
RAW = np.round(LEADS * 1000).astype(int)
NOTHING = Declaration()
MEDIAN = strip_of(RAW[:, :100] * 2, tag="MedianSamples")


def test_the_strip_is_read_and_not_the_median() -> None:
    decoded = sniffed(cardiosoft_of(MEDIAN, strip_of(RAW)), NOTHING)

    assert decoded.format_name == "cardiosoft-xml"
    assert (decoded.recording.leads, decoded.recording.rate_hz) == (STANDARD_LEADS, 500)
    np.testing.assert_allclose(decoded.recording.signal, LEADS * 5, atol=1e-6)
    assert codes(decoded.recording) == {"lead_algebra"}


def test_the_resolution_is_used_and_the_case_of_labels_is_not() -> None:
    block = strip_of(RAW, resolution="2.5").replace('lead="aVR"', 'lead="AVR"').replace('lead="V1"', 'LEAD="v1"')

    recording = read(cardiosoft_of(block), NOTHING)

    np.testing.assert_allclose(recording.signal, LEADS * 2.5, atol=1e-6)
    assert recording.leads == STANDARD_LEADS


@pytest.mark.parametrize("encoding", ["ISO8859-1", "UTF-8", "windows-1252", "ISO-8859-1"])
def test_odd_names_of_encodings_are_read(encoding: str) -> None:
    assert read(cardiosoft_of(strip_of(RAW), encoding=encoding), NOTHING).samples == RAW.shape[1]


def test_a_full_disclosure_is_sample_by_sample() -> None:
    recording = read(cardiosoft_of(disclosure_of(RAW[[0, 1, 6]], "I, II,V1")), NOTHING)

    np.testing.assert_allclose(recording.signal[[0, 1, 6]], LEADS[[0, 1, 6]] * 5, atol=1e-6)
    assert recording.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1")


def test_of_several_blocks_the_strip_is_read_and_it_is_said() -> None:
    recording = read(cardiosoft_of(disclosure_of(RAW[:3], "I,II,III"), strip_of(RAW)), NOTHING)

    assert recording.leads == STANDARD_LEADS
    assert "other_signals" in codes(recording)


def test_what_is_known_of_the_subject() -> None:
    recording = read(cardiosoft_of(strip_of(RAW)), Declaration(pseudonym_key=b"k"))

    assert (recording.age_years, recording.sex, recording.acquisition.device) == (71, "female", "GE CardioSoft V6.71")
    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("77-1")
    assert "Müller" not in repr(recording)


def test_what_is_said_of_the_acquisition() -> None:
    said = (
        "<ObservationDateTime><Hour>9</Hour><Minute>5</Minute><Second>7</Second><Day>3</Day><Month>2</Month><Year>2019"
        "</Year></ObservationDateTime><FilterSetting><CubicSpline>No</CubicSpline><Filter50Hz>No</Filter50Hz><Filter60Hz>"
        "Yes</Filter60Hz><LowPass units='Hz'>100</LowPass></FilterSetting><Interpretation><Diagnosis><DiagnosisText>"
        "Müller: sinus rhythm</DiagnosisText><DiagnosisText/></Diagnosis><Conclusion><ConclusionText>Normal"
        "</ConclusionText></Conclusion></Interpretation><RestingECGMeasurements><VentricularRate units='BPM'>74"
        "</VentricularRate><PQInterval units='ms'>172</PQInterval><RAxis units='degrees'>-20</RAxis><QTInterval/>"
        "</RestingECGMeasurements>"
    )

    acquisition = read(cardiosoft_of(said, strip_of(RAW, resolution="2.5")), NOTHING).acquisition

    assert (acquisition.device, acquisition.acquired_at) == ("GE CardioSoft V6.71", "2019-02-03T09:05:07")
    assert (acquisition.filters, acquisition.scales[11]) == (Filters(None, 100, 60), Scale("V6", 2.5, "uV"))
    assert {each.name: each.value for each in acquisition.measurements} == {
        "heart_rate": 74, "pr_interval": 172, "qrs_axis": -20,
    }  # fmt: skip
    assert acquisition.statements == ("***: sinus rhythm", "Normal")


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (MEDIAN, "neither StripData nor FullDisclosure"),
        (strip_of(RAW, samples=601), "announces 601 samples per lead and holds 600"),
        (strip_of(RAW, resolution="0"), "resolution of the CardioSoft file is 0 uVperLsb"),
        (strip_of(RAW).replace("uVperLsb", "mmHgperLsb"), "mmHgperLsb"),
        (strip_of(RAW).replace("<SampleRate", "<Nothing").replace("/SampleRate", "/Nothing"), "no sampling rate"),
        (strip_of(RAW).replace('lead="V1"', 'lead="V2"'), "V2 is there twice"),
        (disclosure_of(RAW[:3], "I,II"), "announces 3 channels and names 2"),
        (disclosure_of(RAW[:3], "I,II,III").replace("</FullDisclosureData>", ",1</FullDisclosureData>"), "not divide"),
        (disclosure_of(RAW[:3], "I,II,III").replace("Data>", "Data>x,", 1), "not all numbers"),
    ],
)
def test_what_is_wrong_is_said(blocks: str, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(cardiosoft_of(blocks), NOTHING)


@settings(max_examples=300, deadline=None)
@given(mutations(cardiosoft_of(strip_of(RAW[:, :100]), disclosure_of(RAW[:3, :100], "I,II,III"))))
def test_damage_is_refused_or_read_and_never_a_fault(data: bytes) -> None:
    with suppress(PlatformError):
        read(data, Declaration(format_name="cardiosoft-xml"))
