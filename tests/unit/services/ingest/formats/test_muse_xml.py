from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.xmls import EIGHT, muse_of, mutations

RAW = np.round(twelve_leads() * 1000).astype(int)
NOTHING = Declaration()


def test_the_rhythm_is_read_and_four_leads_are_derived() -> None:
    decoded = sniffed(muse_of(RAW), NOTHING)

    assert decoded.format_name == "muse-xml"
    assert (decoded.recording.leads, decoded.recording.rate_hz) == (STANDARD_LEADS, 500)
    np.testing.assert_allclose(decoded.recording.signal, RAW * 0.00488, atol=1e-5)
    np.testing.assert_allclose(decoded.recording.signal[list(EIGHT)], RAW[list(EIGHT)] * 0.00488, atol=1e-6)
    assert codes(decoded.recording) == {"derived_leads"}


def test_the_exponent_belongs_to_the_rate() -> None:
    change = ("<SampleBase>500</SampleBase><SampleExponent>0", "<SampleBase>25</SampleBase><SampleExponent>1")

    assert read(muse_of(RAW, change=change), NOTHING).rate_hz == 250


def test_units_other_than_microvolt() -> None:
    change = (
        "4.88</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICRO",
        "4880</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>NANO",
    )

    np.testing.assert_allclose(read(muse_of(RAW, change=change), NOTHING).signal[1], RAW[1] * 0.00488, atol=1e-6)


def test_what_is_known_of_the_subject() -> None:
    recording = read(muse_of(RAW), Declaration(pseudonym_key=b"k"))

    assert (recording.age_years, recording.sex, recording.acquisition.device) == (63, "male", "GE MAC55")
    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("77-1")
    assert "Doe" not in repr(recording)
    assert read(muse_of(RAW, change=("YEARS", "DAYS")), NOTHING).age_years == pytest.approx(0.17, abs=0.01)


TABLE = (
    "<{0}><VentricularRate>48</VentricularRate><PRInterval>138</PRInterval><QTInterval>{1}</QTInterval><QTCorrected>403"
    "</QTCorrected><PAxis>51</PAxis><RAxis>-20</RAxis><TAxis>40</TAxis><POnset>147</POnset><POffset>200</POffset>"
    "<ECGSampleBase>500</ECGSampleBase><ECGSampleExponent>0</ECGSampleExponent></{0}>"
)
LINE = "<DiagnosisStatement>{}<StmtText>{}</StmtText></DiagnosisStatement>"


def test_what_is_said_of_the_acquisition() -> None:
    ends = "<StmtFlag>ENDSLINE</StmtFlag>"
    lines = [("", "Sinus rhythm"), (ends, "with Doe"), (ends, "Confirmed by DOE, JOHN (1)"), ("", "Normal ECG")]
    said = f"<Diagnosis>{''.join(LINE.format(*line) for line in lines)}</Diagnosis>"
    tables = TABLE.format("RestingECGMeasurements", 452) + TABLE.format("OriginalRestingECGMeasurements", 460)
    rr = "<QRSTimesTypes><GlobalRR>1242</GlobalRR></QRSTimesTypes>"
    text = muse_of(RAW, change=("<TestDemographics>", f"{tables}{said}{rr}<TestDemographics>")).decode("latin-1")
    text = text.replace(
        "</AcquisitionDevice>",
        "</AcquisitionDevice><AcquisitionTime>10:02:03</AcquisitionTime><AcquisitionDate>02-28-2019</AcquisitionDate>",
    )
    text = text.replace(
        "<SampleExponent>",
        "<HighPassFilter>16</HighPassFilter><LowPassFilter>150</LowPassFilter>"
        "<ACFilter>NONE</ACFilter><SampleExponent>",
    )

    acquisition = read(text.encode("latin-1"), NOTHING).acquisition

    assert (acquisition.device, acquisition.acquired_at) == ("GE MAC55", "2019-02-28T10:02:03")
    assert (acquisition.filters, acquisition.scales[7]) == (Filters(0.16, 150, None), Scale("V6", 4.88, "uV"))
    assert {each.name: each.value for each in acquisition.measurements} == {
        "heart_rate": 48, "rr_interval": 1242, "p_duration": 106, "pr_interval": 138, "qt_interval": 452,
        "qtc_interval": 403, "p_axis": 51, "qrs_axis": -20, "t_axis": 40,
    }  # fmt: skip
    assert acquisition.statements == ("Sinus rhythm with ***", "Normal ECG")


@pytest.mark.parametrize(
    ("date", "expected"),
    [("01-02-2019", "2019-01-02"), ("28-02-2019", "2019-02-28"), ("2019-02-28", "2019-02-28"), ("soon", None)],
)
def test_dates_are_month_first_unless_they_cannot_be(date: str, expected: str | None) -> None:
    dated = ("</AcquisitionDevice>", f"</AcquisitionDevice><AcquisitionDate>{date}</AcquisitionDate>")

    assert read(muse_of(RAW, change=dated), NOTHING).acquisition.acquired_at == expected


def test_doubts_are_remarked() -> None:
    off = read(muse_of(RAW, change=("<LeadOff>FALSE", "<LeadOff>TRUE")), NOTHING)
    damaged = read(muse_of(RAW, change=("<LeadDataCRC32>", "<LeadDataCRC32>1")), NOTHING)

    assert "lead_off" in codes(off)
    assert "checksum_mismatch" in codes(damaged)
    assert "other_signals" in codes(read(muse_of(RAW, kinds=("Rhythm", "Rhythm")), NOTHING))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (muse_of(RAW, kinds=("Median",)), "no rhythm waveform, only Median"),
        (muse_of(RAW, kinds=()), "only measurements"),
        (muse_of(RAW, change=("Total>600", "Total>900000000")), "announces 9e.08 samples and holds 600"),
        (muse_of(RAW, change=("MICROVOLTS", "mmHg")), "4.88 mmHg per bit"),
        (muse_of(RAW, change=("4.88", "0")), "Lead I has 0 MICROVOLTS per bit"),
        (muse_of(RAW, change=("<LeadSampleSize>2", "<LeadSampleSize>4")), "have 4 bytes"),
        (muse_of(RAW, change=("CONTINUOUS", "DIFFERENCE")), "continuous samples were expected"),
        (muse_of(RAW, change=("<SampleBase>500", "<SampleBase>")), "states no sampling rate"),
        (muse_of(RAW, change=("<SampleExponent>0", "<SampleExponent>99999")), "states no sampling rate"),
        (muse_of(RAW, change=(">V1<", ">V2<")), "V2 is there twice"),
        (muse_of(RAW)[:9000], "damaged or truncated"),
        (muse_of(RAW, doctype='<!DOCTYPE RestingECG SYSTEM "http://there/restecg.dtd">'), "DTD"),
        (muse_of(RAW, doctype='<!DOCTYPE RestingECG SYSTEM "restecg.dtd" [<!ENTITY a "b">]>'), "DTD"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(data, NOTHING)


@pytest.mark.parametrize("base", ["0", "1000000000", "-500"])
def test_impossible_rates_are_refused(base: str) -> None:
    with pytest.raises(InvalidRequest, match="Hz is impossible"):
        read(muse_of(RAW, change=("<SampleBase>500", f"<SampleBase>{base}")), NOTHING)


@settings(max_examples=300, deadline=None)
@given(mutations(muse_of(RAW[:, :300])))
def test_damage_is_refused_or_read_and_never_a_fault(data: bytes) -> None:
    with suppress(PlatformError):
        read(data, Declaration(format_name="muse-xml"))
