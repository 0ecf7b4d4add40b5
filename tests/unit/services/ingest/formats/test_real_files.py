"""The published files, against what is known of them."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
import wfdb
from scipy import io as scipy_io

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded, decode
from services.ingest.formats.base import UploadedFile
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes

NOTHING = Declaration()


@pytest.fixture
def files(data_dir: Path) -> Path:
    return data_dir / "formats"


def opened(path: Path, declaration: Declaration = NOTHING) -> Decoded:
    beside = path.parent.glob(path.stem + ".*") if path.suffix == ".hea" else ()
    companions = {other.name: other.read_bytes() for other in beside if other != path}
    return decode(UploadedFile(path.name, path.read_bytes(), companions), declaration)


def test_dicom_el250(files: Path) -> None:
    path = files / "dicom/pydicom_waveform_ecg.dcm"
    recording = opened(path).recording

    assert recording.signal.shape == (12, 10000)
    assert (recording.rate_hz, recording.leads) == (1000, STANDARD_LEADS)
    raw = np.frombuffer(pydicom.dcmread(path).WaveformSequence[0].WaveformData, "<i2").reshape(-1, 12).T
    np.testing.assert_allclose(recording.signal, raw * 0.00125, atol=1e-6)


def test_dicom_implicit_vr_with_a_padding_value_of_zero(files: Path) -> None:
    path = files / "dicom/ecgtoolkit_Example.dcm"
    recording = opened(path).recording

    assert (recording.signal.shape, recording.rate_hz) == ((12, 5000), 500)
    raw = np.frombuffer(pydicom.dcmread(path).WaveformSequence[0].WaveformData, "<i2").reshape(-1, 12).T
    np.testing.assert_allclose(recording.signal, raw * 0.0025, atol=1e-6)
    assert codes(recording) == {"lead_algebra"}


def test_csv_of_a_contec_with_the_chest_leads_off(files: Path) -> None:
    path = files / "csv/rigacci_0000050.csv"
    recording = opened(path, Declaration(rate_hz=800, gain_adu_per_mv=200)).recording

    assert recording.signal.shape == (12, 37855)
    assert np.isnan(recording.signal[6:]).all()
    assert "missing_leads" in codes(recording)
    np.testing.assert_allclose(recording.signal[:6, 0] * 1000, np.array([-20, -25, -5, 23, -7, -15]) * 5, atol=1e-3)


def test_wfdb_of_ptbdb_with_frank_leads_in_a_second_file(files: Path) -> None:
    recording = opened(files / "wfdb-ptbdb/s0010_re.hea").recording
    expected = wfdb.rdrecord(str(files / "wfdb-ptbdb/s0010_re"))

    assert recording.leads == (*STANDARD_LEADS, "vx", "vy", "vz")
    assert (recording.samples, recording.rate_hz) == (38400, 1000)
    np.testing.assert_allclose(recording.signal, expected.p_signal.T, atol=1e-6)


def test_wfdb_of_ptb_xl(files: Path) -> None:
    recording = opened(files / "wfdb-ptbxl/00001_lr.hea").recording

    assert (recording.signal.shape, recording.rate_hz, recording.leads) == ((12, 1000), 100, STANDARD_LEADS)
    np.testing.assert_allclose(recording.signal[:2, 0], [-0.119, -0.055], atol=1e-7)


def test_every_challenge_record_is_read_with_the_gain_of_its_header(files: Path) -> None:
    for path in sorted((files / "challenge").rglob("*.hea")):
        recording = opened(path).recording

        raw = scipy_io.loadmat(path.with_suffix(".mat"))["val"]
        gain = float(path.read_text().split("\n")[1].split()[2].split("/")[0].split("(")[0])
        np.testing.assert_allclose(recording.signal, raw / gain, atol=1e-5, err_msg=path.name)
        assert recording.leads == STANDARD_LEADS
        assert not {"checksum_mismatch", "initial_value_mismatch"} & codes(recording)


def test_a_challenge_mat_alone_is_1000_per_millivolt(files: Path) -> None:
    path = files / "challenge/sebgood/A0001.mat"

    recording = opened(path, Declaration(rate_hz=500)).recording

    np.testing.assert_allclose(recording.signal, scipy_io.loadmat(path)["val"] / 1000, atol=1e-6)
    with pytest.raises(UnreadableFile, match="sampling_rate_hz"):
        opened(path)


def test_ludb_is_read_as_the_reference_library_does(data_dir: Path) -> None:
    for number in range(1, 101):
        path = data_dir / f"ludb/{number}.hea"
        recording, stated = opened(path).recording, path.read_text()
        expected = wfdb.rdrecord(str(path.with_suffix("")))

        np.testing.assert_allclose(recording.signal, expected.p_signal.T, rtol=1e-6)
        assert recording.leads == STANDARD_LEADS
        assert codes(recording) <= {"lead_algebra", "lead_algebra_violated"}
        assert [scale.resolution for scale in recording.acquisition.scales] == [1 / g for g in expected.adc_gain]
        assert recording.age_years is not None
        assert recording.sex == ("female" if "<sex>: F" in stated else "male")


def test_npz_of_two_ecgs_is_refused(files: Path) -> None:
    path = files / "npy/rlign_demo_ecgs.npz"

    with pytest.raises(UnreadableFile, match=r"several ECGs \(X40 \(1, 12, 5000\), X80"):
        opened(path, Declaration(rate_hz=500))


def test_one_of_the_two_ecgs_in_a_file_of_its_own(files: Path) -> None:
    ecg = np.load(files / "npy/rlign_demo_ecgs.npz")["X40"]
    buffer = io.BytesIO()
    np.savez(buffer, X40=ecg)

    recording = decode(UploadedFile("one.npz", buffer.getvalue()), Declaration(rate_hz=500)).recording

    np.testing.assert_allclose(recording.signal, ecg[0], atol=1e-6)


def test_ishne_of_a_holter(files: Path) -> None:
    path = files / "ishne/ECG_P28.01.ecg"
    recording = opened(path).recording

    assert (recording.signal.shape, recording.rate_hz, recording.leads) == ((12, 95573), 1000, STANDARD_LEADS)
    raw = np.frombuffer(path.read_bytes(), "<i2", offset=522).reshape(-1, 12).T
    np.testing.assert_allclose(recording.signal, raw * 0.005, atol=1e-6)
    assert "checksum_mismatch" not in codes(recording)


def test_edf_of_a_contec_is_read_as_it_states_and_its_range_is_doubted(files: Path) -> None:
    recording = opened(files / "edf/rigacci_0000050.edf").recording
    counts = opened(files / "csv/rigacci_0000050.csv", Declaration(rate_hz=800, gain_adu_per_mv=1)).recording.signal[:6]

    assert (recording.signal.shape, recording.rate_hz, recording.leads) == ((12, 37855), 800, STANDARD_LEADS)
    np.testing.assert_allclose(recording.signal[:6], (counts + 0.5) * (2000 / 65535), atol=1e-5)
    assert {"implausible_range", "flat_leads"} <= codes(recording)


def test_edf_and_csv_of_one_recording_agree_where_the_gain_is_declared(files: Path) -> None:
    declared = Declaration(rate_hz=800, gain_adu_per_mv=200)

    edf, csv = (opened(files / f"{kind}/rigacci_0000050.{kind}", declared).recording for kind in ("edf", "csv"))

    np.testing.assert_allclose(edf.signal[:6], csv.signal[:6], atol=1e-6)
    assert "placeholder_range" in codes(edf)


def test_edf_of_annotations_alone_is_refused(files: Path) -> None:
    with pytest.raises(UnreadableFile, match="annotations only"):
        opened(files / "edf/test_edfann.edf")


def test_scp_is_the_same_recording_as_in_dicom(files: Path) -> None:
    scp = opened(files / "scp/ecgtoolkit_Example.scp")
    dicom = opened(files / "dicom/ecgtoolkit_Example.dcm").recording

    assert scp.format_name == "scp"
    assert (scp.recording.rate_hz, scp.recording.leads, scp.recording.sex) == (500, STANDARD_LEADS, "male")
    np.testing.assert_array_equal(scp.recording.signal, dicom.signal)
    assert codes(scp.recording) == {"lead_algebra"}


def test_scp_tells_the_measurements_of_the_device(files: Path) -> None:
    scp = opened(files / "scp/ecgtoolkit_Example.scp").recording.acquisition

    assert {each.name: each.value for each in scp.measurements} == {
        "p_duration": 102, "pr_interval": 148, "qrs_duration": 120, "qt_interval": 420, "qtc_interval": 443,
        "p_axis": 44, "qrs_axis": -61, "t_axis": 86,
    }  # fmt: skip
    assert (scp.device, scp.acquired_at) == ("ECGConversion ELI250", "2002-11-22T09:10:00")
    assert scp.scales[0] == Scale("I", 2500, "nV")


def test_edf_and_scp_of_a_contec_began_at_the_same_time(files: Path) -> None:
    edf, scp = (opened(files / f"{kind}/rigacci_0000050.{kind}").recording.acquisition for kind in ("edf", "scp"))

    assert edf.acquired_at == scp.acquired_at == "2020-11-16T21:44:39"


def test_scp_of_a_contec_holds_what_16_bit_lengths_could_tell(files: Path) -> None:
    scp = opened(files / "scp/rigacci_0000050.scp").recording
    csv = opened(files / "csv/rigacci_0000050.csv", Declaration(rate_hz=800, gain_adu_per_mv=200)).recording

    assert (scp.samples, scp.rate_hz, scp.leads) == (32767, 800, STANDARD_LEADS)
    np.testing.assert_allclose(scp.signal[:6], csv.signal[:6, :32767], atol=1e-6)
    assert {"missing_samples", "flat_leads"} <= codes(scp)


def test_aecg_and_dicom_of_the_same_ecg_are_equal(files: Path) -> None:
    aecg, dicom = opened(files / "aecg/hl7_Example_aECG.xml"), opened(files / "dicom/ecgtoolkit_Example.dcm")

    assert aecg.format_name == "aecg"
    assert (aecg.recording.leads, aecg.recording.rate_hz) == (STANDARD_LEADS, 500)
    np.testing.assert_array_equal(aecg.recording.signal, dicom.recording.signal)
    assert (aecg.recording.age_years, aecg.recording.sex) == (46, "male")


def test_scp_and_aecg_of_the_same_ecg_are_equal(files: Path) -> None:
    scp, aecg = opened(files / "scp/ecgtoolkit_Example.scp"), opened(files / "aecg/hl7_Example_aECG.xml")

    np.testing.assert_array_equal(scp.recording.signal, aecg.recording.signal)


def test_aecg_of_a_study(files: Path) -> None:
    recording = opened(files / "aecg/fda_subject1_0.xml").recording

    assert (recording.signal.shape, recording.leads, recording.rate_hz) == ((12, 5000), STANDARD_LEADS, 500)


@pytest.mark.parametrize("number", [1, 2])
def test_muse_xml(files: Path, number: int) -> None:
    path = files / f"muse-xml/braveheart_example{number}.xml"
    decoded = opened(path)

    rhythm = re.findall(r"<WaveFormData>(.*?)</WaveFormData>", path.read_text("latin-1"), re.DOTALL)[8:]
    raw = np.stack([np.frombuffer(base64.b64decode(lead), "<i2") for lead in rhythm])
    recorded = [STANDARD_LEADS.index(name) for name in ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")]
    assert (decoded.format_name, decoded.recording.signal.shape) == ("muse-xml", (12, 5000))
    assert (decoded.recording.rate_hz, codes(decoded.recording)) == (500, {"derived_leads"})
    np.testing.assert_allclose(decoded.recording.signal[recorded], raw * 0.00488, atol=1e-6)


def test_cardiosoft_xml(files: Path) -> None:
    path = files / "cardiosoft-xml/deepecg_dummy_ecg.xml"
    decoded = opened(path)

    strip = path.read_text("latin-1").partition("<StripData>")[2]
    texts = re.findall(r'<WaveformData lead="\w+">(.*?)</WaveformData>', strip, re.DOTALL)
    raw = np.array([[int(value) for value in text.split(",")] for text in texts])
    assert (decoded.format_name, decoded.recording.leads) == ("cardiosoft-xml", STANDARD_LEADS)
    assert (decoded.recording.signal.shape, decoded.recording.rate_hz) == ((12, 5000), 500)
    np.testing.assert_allclose(decoded.recording.signal, raw * 0.005, atol=1e-6)
    assert codes(decoded.recording) == {"lead_algebra"}


def test_philips_sierra_1_03(files: Path) -> None:
    decoded = opened(files / "philips-sierra/129DYPRG_1.03.xml")

    assert decoded.format_name == "philips-sierra"
    assert (decoded.recording.signal.shape, decoded.recording.rate_hz) == ((12, 5000), 500)
    assert codes(decoded.recording) == {"lead_algebra", "calibration_pulse"}


def test_philips_sierra_1_04_and_its_conversion_agree(files: Path) -> None:
    original = opened(files / "philips-sierra/ad4d3d80-d165_1-04_orig.xml").recording
    converted = opened(files / "philips-sierra/ad4d3d80-d165_1-04_converted.xml").recording

    assert original.leads == converted.leads == STANDARD_LEADS
    np.testing.assert_allclose(original.signal, converted.signal, atol=0.02001)


@pytest.mark.parametrize(
    "name",
    ["onnx/adii11001_singlebeat.onnx", "aecg/fda_minimal/empty.xml", "aecg/fda_minimal/minimum_aecg.xml"],
)
def test_what_is_no_ecg_is_refused(files: Path, name: str) -> None:
    with pytest.raises(UnreadableFile):
        opened(files / name)
