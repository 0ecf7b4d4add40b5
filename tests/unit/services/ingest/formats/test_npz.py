import io
import zipfile

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
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


def test_of_two_ecgs_the_first_is_read_and_the_other_named() -> None:
    recording = read(npz_of(a=LEADS[None], b=LEADS[None] * 2))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "holds b:" in next(remark.text for remark in recording.remarks if remark.code == "other_signals")


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


def test_an_archive_of_something_else_is_not_taken_for_one() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("letter.docx", b"Dear colleague")

    with pytest.raises(UnreadableFile, match="not an ECG in a format"):
        read(buffer.getvalue())
