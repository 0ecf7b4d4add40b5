import io
import zipfile

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.array_files import npz_of
from tests.unit.services.ingest.ecgs import codes, npy_of, read, sniffed, twelve_leads

LEADS = twelve_leads()


@pytest.mark.parametrize("compressed", [False, True])
def test_the_one_ecg_is_read(*, compressed: bool) -> None:
    decoded = sniffed(npz_of(compressed=compressed, ecg=LEADS))

    assert decoded.format_name == "npz"
    np.testing.assert_array_equal(decoded.recording.signal, LEADS)


def test_a_rate_and_lead_names_beside_the_ecg_are_used() -> None:
    order = [3, 2, 1, 0, *range(4, 12)]
    names = np.array([STANDARD_LEADS[place] for place in order])

    recording = read(npz_of(signal=LEADS[order], fs=np.array(250), leads=names), Declaration())

    assert recording.rate_hz == 250
    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "assumed_layout" not in codes(recording)


def test_of_two_ecgs_none_is_read_unless_one_is_called_so() -> None:
    with pytest.raises(UnreadableFile, match=r"several ECGs \(a \(1, 12, 600\), b .* call the one to be read 'ecg'"):
        read(npz_of(a=LEADS[None], b=LEADS[None] * 2))

    recording = read(npz_of(ecg=LEADS[None], median=LEADS[None] * 2))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "holds median:" in next(remark.text for remark in recording.remarks if remark.code == "other_signals")


def test_several_ecgs_in_one_array_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="several ECGs; upload one file for each"):
        read(npz_of(ecg=np.stack([LEADS, LEADS])))


def test_units_gain_and_person_beside_the_ecg_are_used() -> None:
    raw = np.round(LEADS * 200).astype(np.int16)

    recording = read(
        npz_of(d_signal=raw, sampling_rate_hz=np.array([250.0]), adc_gain=np.full(12, 200.0), units=np.array("mV"),
               lead_names=np.array("I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"), age=63, sex="F"),
        Declaration(),
    )  # fmt: skip

    np.testing.assert_allclose(recording.signal, raw / 200, atol=1e-6)
    assert (recording.rate_hz, recording.age_years, recording.sex) == (250, 63, "female")
    assert recording.acquisition.scales[0] == Scale("I", 0.005, "mV")
    assert codes(recording) == {"lead_algebra"}


def test_an_array_for_each_lead_makes_an_ecg() -> None:
    arrays = dict(zip(STANDARD_LEADS, LEADS * 1000, strict=True)) | {"fs": np.array(500), "unit": np.array("uV")}

    recording = read(npz_of(**arrays), Declaration())

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert (recording.leads, recording.rate_hz) == (STANDARD_LEADS, 500)
    with pytest.raises(UnreadableFile, match=r"differ in length: I 600, II 599"):
        read(npz_of(I=LEADS[0], II=LEADS[1][1:]))


def test_few_leads_are_read_where_names_lie_beside_them() -> None:
    recording = read(npz_of(data=LEADS[:3].T, leads=np.array(["I", "II", "III"])))

    np.testing.assert_array_equal(recording.signal[:3], LEADS[:3])


def test_an_archive_without_an_ecg_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(npz_of(weights=np.zeros((5, 5))))


def test_a_zip_bomb_is_refused_before_it_is_read() -> None:
    data = npz_of(compressed=True, ecg=np.zeros((12, 8_000_000), np.float32))
    assert len(data) < 1 << 20

    with pytest.raises(TooLarge, match="grow"):
        read(data)


def test_a_member_that_is_larger_than_it_says_is_refused() -> None:
    data = npz_of(compressed=True, ecg=np.zeros((12, 600_000), np.float32))
    true_size = zipfile.ZipFile(io.BytesIO(data)).infolist()[0].file_size
    lying = data.replace(true_size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))

    with pytest.raises(UnreadableFile):
        read(lying)


def test_pickled_members_are_never_loaded() -> None:
    header = npy_of(np.zeros(1))[:128].replace(b"'<f8'", b"'|O' ")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ecg.npy", header + b"cos\nsystem\n")

    with pytest.raises(UnreadableFile, match="pickled"):
        read(buffer.getvalue())


def test_a_truncated_archive_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read(npz_of(ecg=LEADS)[:-40])


def test_an_archive_whose_beginning_is_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read(npz_of(ecg=LEADS)[12:], Declaration(rate_hz=500, format_name="npz"))


def test_an_archive_of_something_else_is_not_taken_for_one() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("letter.docx", b"Dear colleague")

    with pytest.raises(UnreadableFile, match="not an ECG in a format"):
        read(buffer.getvalue())


def test_names_that_are_no_characters_are_refused() -> None:
    names = np.array(STANDARD_LEADS).view(np.uint32)
    names[0] = 0x11_0000

    with pytest.raises(UnreadableFile, match="no character"):
        read(npz_of(ecg=LEADS, leads=names.view("<U3")))


def test_an_array_of_nothing_beside_the_ecg_takes_nothing_from_it() -> None:
    np.testing.assert_array_equal(read(npz_of(ecg=LEADS, fs=np.zeros(0), leads=np.zeros(9, "V0"))).signal, LEADS)
