from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, PlatformError, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.xmls import mutations, sierra_of

RAW = np.round(twelve_leads() * 1000).astype(int)
MILLIVOLT = RAW * 0.005
NOTHING = Declaration()
LABELS = f' numberofleads="12" leadlabels="{" ".join(STANDARD_LEADS)}"'


@pytest.mark.parametrize("version", ["1.03", "1.04", "1.04.01"])
def test_compressed_leads_are_unpacked_and_limb_leads_put_together(version: str) -> None:
    decoded = sniffed(sierra_of(RAW, version=version), NOTHING)

    assert decoded.format_name == "philips-sierra"
    assert (decoded.recording.leads, decoded.recording.rate_hz) == (STANDARD_LEADS, 500)
    np.testing.assert_allclose(decoded.recording.signal, MILLIVOLT, atol=1e-5)
    assert codes(decoded.recording) == {"lead_algebra"}


def test_what_the_waveforms_do_not_state_is_taken_from_the_acquisition() -> None:
    text = sierra_of(RAW, change=(LABELS, "")).decode("utf-16")
    text = text.replace(' samplespersecond="500" resolution="5"', "")
    text = text.replace('compression="XLI"', 'compressflag="True" compressmethod="XLI"')

    for encoding in ("utf-16", "utf-8"):
        np.testing.assert_allclose(read(text.encode(encoding), NOTHING).signal, MILLIVOLT, atol=1e-5)


@pytest.mark.parametrize("whole", [True, False])
def test_uncompressed_limb_leads_may_be_whole_or_what_is_left_of_them(whole: bool) -> None:  # noqa: FBT001 a parameter
    recording = read(sierra_of(RAW, compressed=False, whole=whole), NOTHING)

    np.testing.assert_allclose(recording.signal, MILLIVOLT, atol=1e-5)
    assert ("limb_leads_whole" in codes(recording)) == whole


def test_a_calibration_pulse_is_cropped_and_told_of() -> None:
    raw = RAW.copy()
    raw[:, 400:] = 0
    raw[:, 450:550] = 200

    recording = read(sierra_of(raw), NOTHING)

    np.testing.assert_allclose(recording.signal, MILLIVOLT[:, :400], atol=1e-5)
    assert codes(recording) == {"lead_algebra", "calibration_pulse"}
    assert any("From sample 400 on" in remark.text for remark in recording.remarks)


def test_what_is_known_of_the_subject() -> None:
    recording = read(sierra_of(RAW), Declaration(pseudonym_key=b"k"))
    stated = read(sierra_of(RAW, change=("<age>", "<age><years>61</years>")), NOTHING)

    assert (recording.age_years, recording.sex, recording.acquisition.device) == (60, "female", "Philips PageWriter")
    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("77-1")
    assert stated.age_years == 61
    assert "Doe" not in repr(recording)


SAID = (
    "<interpretations><interpretation><globalmeasurements><heartrate>61</heartrate><rrint>984</rrint><pdur>508</pdur>"
    "<qtcb>430</qtcb><qtcf>420</qtcf></globalmeasurements><mdsignatureline>Confirmed by House</mdsignatureline>"
    "<severity>- NORMAL ECG -</severity><statement><leftstatement>Sinus, Doe</leftstatement><rightstatement>rate 61"
    "</rightstatement></statement></interpretation></interpretations><measurements><globalmeasurements><meanprint>150"
    "</meanprint><meanqtc>999</meanqtc><qrsfrontaxis>-20</qrsfrontaxis><tfrontaxis>Indeterminate</tfrontaxis>"
    "</globalmeasurements></measurements>"
)


def test_what_is_said_of_the_acquisition() -> None:
    text = sierra_of(RAW, change=("<patient>", f"{SAID}<patient>")).decode("utf-16")
    text = text.replace('date="2010-01-01"', 'date="2010-01-02" time="03:04:05"')
    text = text.replace("</signalresolution>", "</signalresolution><signalbandwidth>0.05-150</signalbandwidth>")
    report = (
        "<reportbandwidth><highpassfiltersetting>0.5</highpassfiltersetting><notchfiltersetting>50</notchfiltersetting>"
    )
    report = f"<reportinfo>{report}</reportbandwidth></reportinfo><dataacquisition"

    acquisition = read(text.replace("<dataacquisition", report).encode("utf-16"), NOTHING).acquisition

    assert (acquisition.device, acquisition.acquired_at) == ("Philips PageWriter", "2010-01-02T03:04:05")
    assert (acquisition.filters, acquisition.scales[11]) == (Filters(0.05, 150, None), Scale("V6", 5, "uV"))
    assert {each.name: each.value for each in acquisition.measurements} == {
        "heart_rate": 61, "rr_interval": 984, "pr_interval": 150, "qtc_interval": 430, "qrs_axis": -20,
    }  # fmt: skip
    assert acquisition.statements == ("Sinus, ***, rate 61", "NORMAL ECG")


@pytest.mark.parametrize(
    ("attributes", "filters"),
    [
        (' hipass="0.15" lowpass="40" notchfiltered="True" notchfilterfreqs="60"', Filters(0.15, 40, 60)),
        (' hipass="0.15" lowpass="40" notchfiltered="False" notchfilterfreqs="60"', Filters(0.15, 40, None)),
        (' filterflag="True"', Filters(0.5, 100, 50)),
        (' filterflag="False"', Filters()),
    ],
)
def test_filters_are_those_of_the_stored_samples(attributes: str, filters: Filters) -> None:
    report = (
        "<reportinfo><reportbandwidth><highpassfiltersetting>0.5</highpassfiltersetting><lowpassfiltersetting>100"
        "</lowpassfiltersetting><notchfiltersetting>50</notchfiltersetting></reportbandwidth></reportinfo><patient>"
    )
    text = sierra_of(RAW, change=("<patient>", report)).decode("utf-16")

    recording = read(
        text.replace('dataencoding="Base64"', 'dataencoding="Base64"' + attributes).encode("utf-16"), NOTHING
    )

    assert recording.acquisition.filters == filters


def test_doubts_are_remarked() -> None:
    assert "unknown_version" in codes(read(sierra_of(RAW, version="2.0"), NOTHING))
    change = ("<signaloffset>0", "<signaloffset>5")
    assert "signal_offset" in codes(read(sierra_of(RAW, change=change), NOTHING))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (sierra_of(RAW, change=("parsedwaveforms", "other")), "no parsed waveforms"),
        (sierra_of(RAW, change=('"XLI"', '"ZIP"')), "compressed by ZIP"),
        (sierra_of(RAW, change=("Base64", "Hex")), "not 16 bits in Base64"),
        (sierra_of(RAW, change=("<bitspersample>16", "<bitspersample>12")), "not 16 bits in Base64"),
        (sierra_of(RAW, change=('channel="1200"', 'channel="9e99"')), "which cannot be"),
        (sierra_of(RAW, change=('channel="1200"', 'channel="0"')), "which cannot be"),
        (sierra_of(RAW, change=('channel="1200"', 'channel="2400"')), "lead 1 are damaged"),
        (sierra_of(RAW, compressed=False, change=('channel="1200"', 'channel="2400"')), "holds 7200 samples"),
        (sierra_of(RAW, change=('resolution="5"', 'resolution="0"')), "states no resolution"),
        (sierra_of(RAW, change=('"I II', '"I I')), "I is there twice"),
        (sierra_of(RAW)[:3000], "damaged or truncated"),
        (sierra_of(RAW, change=("<restingecgdata", '<!DOCTYPE a [<!ENTITY b "c">]><restingecgdata')), "DTD"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(data, NOTHING)


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Hz is impossible"):
        read(sierra_of(RAW, change=('"1200" samplespersecond="500"', '"120000" samplespersecond="5"')), NOTHING)


@settings(max_examples=300, deadline=None)
@given(mutations(sierra_of(RAW[:, :100])))
def test_damage_is_refused_or_read_and_never_a_fault(data: bytes) -> None:
    with suppress(PlatformError):
        read(data, Declaration(format_name="philips-sierra"))
