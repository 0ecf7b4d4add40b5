"""Files that cannot be taken: each is refused in a sentence, leaves nothing behind, and costs no other file."""

import io
import json
import struct
import zipfile
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io

from tests.integration.cramped import GATEWAY_BYTES, INGEST_BYTES, Cramped, eventually, problem, sentence
from tests.unit.services.ingest.array_files import npz_of
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, npy_of, twelve_leads, wfdb_of

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

LEADS = twelve_leads()
NPY = npy_of(LEADS)
HEA, DAT = wfdb_of(LEADS)
RAW = np.round(LEADS * 1000).astype(np.int16)
DCM = dicom_of(dicom_group(RAW))
UNREADABLE, INVALID, TOO_LARGE = "UNREADABLE_FILE", "INVALID_REQUEST", "TOO_LARGE"

Files = dict[str, bytes]


def zip_bomb(mebibytes: int, *, stated_bytes: int | None = None) -> bytes:
    """Return a small NPZ that grows to this size; its directory may say another."""
    header, buffer = io.BytesIO(), io.BytesIO()
    shape = (12, mebibytes * (1 << 20) // 48)
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("ecg.npy", "w") as member:
        member.write(header.getvalue())
        for _ in range(mebibytes):
            member.write(bytes(1 << 20))
    grown = len(header.getvalue()) + (mebibytes << 20)
    data = buffer.getvalue()
    return data if stated_bytes is None else data.replace(struct.pack("<I", grown), struct.pack("<I", stated_bytes))


def mat_bomb() -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"val": np.zeros((12, 6 << 20), np.float32)}, do_compression=True)
    return buffer.getvalue()


def hdf5_bomb() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file:
        made = file.create_dataset("val", shape=(10**9, 12), dtype="f4", chunks=(1000, 12), compression="gzip")
        made.attrs["MATLAB_class"] = np.bytes_(b"single")
    data = bytearray(buffer.getvalue())
    data[:116], data[124:128] = b"MATLAB 7.3 MAT-file".ljust(116), b"\0\2IM"
    return bytes(data)


def header_of(**changes: str) -> Files:
    return {"ecg.hea": wfdb_of(LEADS, **changes)[0], "ecg.dat": DAT}


def with_value(value: float) -> bytes:
    changed = LEADS.copy()
    changed[3, 5] = value
    return npy_of(changed)


def pickled() -> np.ndarray[Any, Any]:
    return np.array([{"I": 1}], dtype=object)


REFUSED: dict[str, tuple[Files, str, str]] = {
    "a letter": ({"a.txt": b"Dear colleague, thank you for referring this patient."}, UNREADABLE, "not an ECG"),
    "nothing": ({"a.csv": b""}, UNREADABLE, "empty"),
    "noise": ({"a.bin": np.random.default_rng(0).bytes(5000)}, UNREADABLE, "not an ECG"),
    "an image": ({"a.png": b"\x89PNG\r\n\x1a\n" + bytes(100)}, UNREADABLE, "not an ECG"),
    "an entity bomb": (
        {"a.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><a>&b;</a>'},
        UNREADABLE,
        "not an ECG",
    ),
    "a report without waveform": ({"a.dcm": dicom_of()}, UNREADABLE, "no waveform"),
    "a signal without header": ({"ecg.dat": DAT}, UNREADABLE, "upload the .hea that belongs to it"),
    "a header without signal": ({"ecg.hea": HEA}, UNREADABLE, "needs ecg.dat; upload it together"),
    "a cut WFDB signal": ({"ecg.hea": HEA, "ecg.dat": DAT[:-1000]}, UNREADABLE, "ecg.dat is truncated: 14400 bytes"),
    "a cut DICOM": ({"a.dcm": DCM[: len(DCM) // 2]}, UNREADABLE, "truncated: an element of"),
    "a cut NPY": ({"a.npy": NPY[:-100]}, UNREADABLE, "truncated: 28800 bytes"),
    "a cut NPY header": ({"a.npy": NPY[:40]}, UNREADABLE, "damaged or truncated"),
    "a cut NPZ": ({"a.npz": npz_of(ecg=LEADS)[:-100]}, UNREADABLE, "damaged, truncated"),
    "a cut CSV": ({"a.csv": csv_of(LEADS)[:-30]}, UNREADABLE, "Row 601 has 8 cells where 12"),
    "more than ingest takes": ({"a.npy": NPY + bytes(INGEST_BYTES)}, TOO_LARGE, "larger than 1 MiB"),
    "more than the gateway lets through": ({"a.npy": NPY + bytes(GATEWAY_BYTES)}, TOO_LARGE, "larger than 2097152"),
    "a rate of 0 in WFDB": (header_of(record_line="ecg 12 0 600"), INVALID, "rate of 0 Hz is impossible: expected 10"),
    "a rate of a gigahertz in WFDB": (header_of(record_line="ecg 12 1000000000 600"), INVALID, "impossible"),
    "a rate of 0 in DICOM": ({"a.dcm": dicom_of(dicom_group(RAW, rate_hz=0))}, INVALID, "impossible"),
    "a rate of a gigahertz in DICOM": ({"a.dcm": dicom_of(dicom_group(RAW, rate_hz=1e9))}, INVALID, "impossible"),
    "a rate of 0 in NPZ": ({"a.npz": npz_of(ecg=LEADS, fs=0)}, INVALID, "impossible"),
    "a rate that is no number": ({"a.npz": npz_of(ecg=LEADS, fs=np.nan)}, INVALID, "impossible"),
    "a gain of nearly nothing": (header_of(gain="0.0001(0)/mV"), UNREADABLE, "the unit must be wrong. Declare"),
    "volts taken for millivolts": ({"a.npy": npy_of(LEADS * 1e20)}, UNREADABLE, "the unit must be wrong"),
    "nothing but NaN": ({"a.npy": npy_of(np.full_like(LEADS, np.nan))}, UNREADABLE, "not a number"),
    "an infinite sample": ({"a.npy": with_value(np.inf)}, UNREADABLE, "infinite"),
    "a number too large for any type": ({"a.csv": csv_of(LEADS) + b"1e999" + b",0" * 11}, UNREADABLE, "infinite"),
    "no samples": ({"a.npy": npy_of(LEADS[:, :0])}, UNREADABLE, "no samples"),
    "five leads without names": ({"a.npy": npy_of(LEADS[:5])}, UNREADABLE, "expected 12 or 8 leads"),
    "no lead of an ECG": ({"a.csv": csv_of(LEADS[:2], "left ear,right ear")}, UNREADABLE, "name them in a header"),
    "a lead twice": ({"a.csv": csv_of(LEADS[:3], "I,I,II")}, UNREADABLE, "there twice"),
    "several ECGs in one array": ({"a.npy": npy_of(np.zeros((4, 12, 99)))}, UNREADABLE, "several ECGs"),
    "a zip bomb": ({"a.npz": zip_bomb(300)}, TOO_LARGE, "would grow to 300 MiB"),
    "a zip bomb that lies": ({"a.npz": zip_bomb(300, stated_bytes=1000)}, UNREADABLE, "damaged"),
    "a MAT bomb": ({"a.mat": mat_bomb()}, TOO_LARGE, "grows beyond 256 MiB"),
    "an HDF5 bomb": ({"a.mat": hdf5_bomb()}, TOO_LARGE, "would grow to 45776 MiB"),
    "a pickled NPY": ({"a.npy": npy_of(pickled())}, UNREADABLE, "pickled objects, which are never loaded"),
    "a pickled NPZ": ({"a.npz": npz_of(ecg=pickled())}, UNREADABLE, "pickled objects, which are never loaded"),
    "more samples than bytes": (header_of(record_line="ecg 12 500 1000000000000"), TOO_LARGE, "announces"),
    "a header that is code": (
        {"a.npy": NPY.replace(b"'<f4'", b"f(1) ").replace(b"(12, 600)", b"(12, 6000")},
        UNREADABLE,
        "header",
    ),
    "a header that climbs": (
        {"ecg.hea": HEA.replace(b"ecg.dat", b"../../../etc/passwd")},
        UNREADABLE,
        "only plain names of files uploaded with it are read",
    ),
    "a header with a path": ({"ecg.hea": HEA.replace(b"ecg.dat", b"/etc/passwd")}, UNREADABLE, "only plain names"),
    "a name too long": ({"a" * 300 + ".npy": NPY}, INVALID, "1 to 255 characters"),
}


@pytest.fixture(scope="module")
def dataset_id(cramped_platform: Cramped) -> str:
    return cramped_platform.dataset("bad files")


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_file_is_refused_and_leaves_nothing(cramped_platform: Cramped, dataset_id: str, kind: str) -> None:
    files, code, expected = REFUSED[kind]
    before, names = cramped_platform.objects(), cramped_platform.names(dataset_id)

    lines = cramped_platform.upload(dataset_id, files)

    refused = [line for line in lines if line["outcome"] == "refused"]
    assert len(lines) == len(files)
    assert all(line["outcome"] in {"refused", "companion"} for line in lines)
    assert refused[0]["error"]["code"] == code
    assert expected in sentence(refused[0]["error"]["detail"])
    assert eventually(lambda: cramped_platform.objects() == before)
    assert cramped_platform.names(dataset_id) == names


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"sampling_rate_hz": "0"}, "greater than 0"),
        ({"sampling_rate_hz": "-500"}, "greater than 0"),
        ({"sampling_rate_hz": "1e9"}, "100000"),
        ({"sampling_rate_hz": "nan"}, "100000"),
        ({"sampling_rate_hz": "five hundred"}, "a valid number"),
        ({"gain_adu_per_mv": "0"}, "greater than 0"),
        ({"gain_adu_per_mv": "-1000"}, "greater than 0"),
        ({"gain_adu_per_mv": "inf"}, "1000000000"),
        ({"lead_layout": "sideways"}, "'standard' or 'mimic'"),
        ({"sampling_rate": "500"}, "not permitted"),
    ],
)
def test_an_impossible_declaration_is_refused_before_anything_is_read(
    cramped_platform: Cramped, dataset_id: str, declared: dict[str, str], expected: str
) -> None:
    before = cramped_platform.objects()

    answer = cramped_platform.client.post(
        f"/datasets/{dataset_id}/records", data=declared, files={"files": ("a.npy", NPY)}
    )

    told = problem(answer, 400, INVALID)
    assert next(iter(declared)) in told
    assert expected in told
    assert cramped_platform.objects() == before


def test_one_bad_file_costs_no_other(cramped_platform: Cramped) -> None:
    mixed = cramped_platform.dataset("mixed")
    files = {
        "good.csv": csv_of(LEADS),
        "letter.txt": b"Dear colleague,",
        "large.npy": bytes(GATEWAY_BYTES + 1),
        "good.npy": npy_of(twelve_leads(seed=1)),
        "pickled.npy": npy_of(pickled()),
        "good.dcm": DCM,
    }

    lines = cramped_platform.upload(mixed, files)

    outcomes = {line["file_name"]: line["outcome"].partition("_")[0] for line in lines}
    assert outcomes == {name: "stored" if name.startswith("good") else "refused" for name in files}
    assert cramped_platform.names(mixed) == ["good.csv", "good.dcm", "good.npy"]


def test_a_name_with_folders_stays_in_its_place(cramped_platform: Cramped) -> None:
    place = cramped_platform.dataset("climbing")
    before = cramped_platform.objects()

    lines = cramped_platform.upload(place, {"../../../../tmp/climber.npy": npy_of(twelve_leads(seed=2))})

    assert lines[0]["file_name"] == "climber.npy"
    assert {path.split("/")[0] for path in cramped_platform.objects() - before} == {"originals", "signals"}


def test_gaps_and_missing_leads_are_kept_and_told(cramped_platform: Cramped) -> None:
    kept = cramped_platform.dataset("kept")

    lines = cramped_platform.upload(kept, {"gap.npy": with_value(np.nan), "two.csv": csv_of(LEADS[:2], "I,II")})

    codes = {line["file_name"]: {remark["code"] for remark in line["record"]["remarks"]} for line in lines}
    assert {line["outcome"] for line in lines} == {"stored_with_warnings"}
    assert "gaps" in codes["gap.npy"]
    assert {"derived_leads", "missing_leads"} <= codes["two.csv"]


def test_every_line_of_a_streamed_report_is_json(cramped_platform: Cramped, dataset_id: str) -> None:
    answer = cramped_platform.client.post(
        f"/datasets/{dataset_id}/records",
        files=[("files", ("a.txt", b"no ECG")), ("files", ("b.npy", NPY[:90]))],
        headers={"Accept": "application/x-ndjson"},
    )

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert {line["file_name"] for line in lines} == {"a.txt", "b.npy"}
    assert all(sentence(line["error"]["detail"]) for line in lines)
