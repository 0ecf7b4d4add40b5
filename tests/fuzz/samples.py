"""Whole files of every format, synthesized: what the fuzzer damages and what the readers are timed on."""

import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import wfdb
from numpy.typing import NDArray

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.raw_layout import RawLayout
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest import scp_records as scp
from tests.unit.services.ingest.array_files import hdf5_of, mat_of, npz_of
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, npy_of, twelve_leads, wfdb_of
from tests.unit.services.ingest.edf_files import Channel, edf_of
from tests.unit.services.ingest.ishne_files import ishne_of
from tests.unit.services.ingest.xmls import aecg_of, cardiosoft_of, disclosure_of, muse_of, sierra_of, strip_of

Raw = NDArray[np.int16]
"""Microvolts (12, samples) at 500 Hz."""
NOTHING: Final = Declaration()
AT_500_HZ: Final = Declaration(rate_hz=500)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what its sender declares of it."""

    file: UploadedFile
    declaration: Declaration = NOTHING


def microvolts(samples: int, seed: int = 0) -> Raw:
    """Return noise whose limb leads obey their algebra."""
    return np.round(twelve_leads(samples, seed) * 1000).astype(np.int16)


def _dicom(raw: Raw) -> Sample:
    median = dicom_group(raw[:, : raw.shape[1] // 4], label="MEDIAN BEAT")
    person = {"PatientID": "77-1", "PatientSex": "F", "PatientAge": "063Y", "Manufacturer": "Acme"}
    return Sample(UploadedFile("ecg.dcm", dicom_of(dicom_group(raw), median, **person)))


def _edf(raw: Raw) -> Sample:
    per_record = raw.shape[1] // 10
    channels = [Channel(name, row, per_record) for name, row in zip(STANDARD_LEADS, raw, strict=True)]
    return Sample(UploadedFile("ecg.edf", edf_of(channels, 10, duration=f"{per_record / 500:g}")))


def _scp(raw: Raw) -> Sample:
    rhythm = scp.waves_of([scp.encoded(scp.differences(row, 2), scp.DEFAULT) for row in raw], order=2)
    person = scp.header_of(t2=b"42\0", t5=b"\xb2\x07\x05\x08", t8=b"\x02", t25=b"\xd2\x07\x0b\x16")
    sections = {1: person, 2: b"\x1f\x4e", 3: scp.leads_of(scp.TWELVE, raw.shape[1]), 6: rhythm}
    return Sample(UploadedFile("ecg.scp", scp.record_of(sections)))


def _wfdb(raw: Raw) -> Sample:
    header, signals = wfdb_of(raw / 1000, tail="# Age: 63\n# Sex: Female\n")
    return Sample(UploadedFile("ecg.hea", header, {"ecg.dat": signals}))


def _laid(*layout: Any, **more: Any) -> Declaration:
    return Declaration(rate_hz=500, gain_adu_per_mv=1000, raw=RawLayout(*layout, **more))


def _named(name: str, data: bytes | str, declaration: Declaration = NOTHING) -> Sample:
    return Sample(UploadedFile(name, data.encode() if isinstance(data, str) else data), declaration)


WHOLE: Final[Mapping[str, Callable[[Raw], Sample]]] = {
    "dicom": _dicom,
    "edf": _edf,
    "ishne": lambda raw: _named("ecg.ecg", ishne_of(raw)),
    "scp": _scp,
    "npy": lambda raw: _named("ecg.npy", npy_of(raw / np.float32(1000)), AT_500_HZ),
    "npz": lambda raw: _named("ecg.npz", npz_of(ecg=raw / np.float32(1000), fs=500), NOTHING),
    "mat": lambda raw: _named("ecg.mat", _undated(mat_of(val=raw)), AT_500_HZ),
    "wfdb": _wfdb,
    "raw": lambda raw: _named("ecg.dat", raw.T.tobytes(), _laid("int16")),
    "aecg": lambda raw: _named("aecg.xml", aecg_of(raw)),
    "muse-xml": lambda raw: _named("muse.xml", muse_of(raw)),
    "cardiosoft-xml": lambda raw: _named("cardiosoft.xml", cardiosoft_of(strip_of(raw))),
    "philips-sierra": lambda raw: _named("sierra.xml", sierra_of(raw)),
    "csv": lambda raw: _named("ecg.csv", csv_of(raw / 1000), AT_500_HZ),
}
"""What writes the usual file of each format, of a signal of any length."""


def small(name: str) -> tuple[Sample, ...]:
    """Return small files of a format: the usual one, and the other ways in which it is written."""
    raw = microvolts(300)
    others = _OTHERS.get(name)
    return (WHOLE[name](raw), *(others(raw) if others else ()))


def _other_scp(raw: Raw) -> tuple[Sample, ...]:
    table = {2: b"\x1f\x4e"}
    plain = {3: scp.leads_of(scp.EIGHT, 300), 6: scp.waves_of([scp.plain(raw[row]) for row in (0, 1, *range(6, 12))])}
    own = [scp.bits_of(int(value), scp.DEFAULT) for value in np.diff(raw[0], prepend=0)]
    tables = {2: scp.tables_of([scp.DEFAULT]), 3: scp.leads_of([1, 2], 300)}
    tables[6] = scp.waves_of([scp.packed("".join(own))] * 2, order=1)
    beat, residual = np.arange(60) * 9, scp.waves_of([scp.encoded(row, scp.DEFAULT) for row in raw[:2]])
    zones = [(0, 71, 101, 130), (1, 201, 231, 260)]
    beats = table | {3: scp.leads_of([1, 2], 300, flags=1), 6: residual}
    beats[4] = scp.beats_of(120, 31, zones, [(81, 120), (211, 250)])
    beats[5] = scp.waves_of([scp.encoded(scp.differences(beat, 2), scp.DEFAULT)] * 2, nanovolt=2500, order=2)
    bimodal = table | {3: scp.leads_of([1, 2], 300), 5: scp.waves_of([b""] * 2)}
    bimodal[4] = scp.beats_of(0, 0, [], [(101, 140)])
    decimated = scp.encoded(scp.differences(raw[0, :105], 2), scp.DEFAULT)
    bimodal[6] = scp.waves_of([decimated] * 2, us=8000, order=2, flags=1)
    return tuple(_named("other.scp", scp.record_of(sections)) for sections in (plain, tables, beats, bimodal))


def _other_mat(raw: Raw) -> tuple[Sample, ...]:
    names = np.array(STANDARD_LEADS, dtype=object)
    files = (
        mat_of("4", val=raw),
        mat_of(compressed=True, val=raw),
        mat_of(ecg=raw.T / 1000, fs=500.0, leads=names, subject={"age": 3}),
        hdf5_of(val=raw, fs=np.array([[500.0]])),
    )
    return tuple(_named("other.mat", _undated(data), AT_500_HZ) for data in files)


def _undated(data: bytes) -> bytes:
    """Return a MAT file that is the same whenever it was written."""
    return b"MATLAB 5.0 MAT-file".ljust(116) + data[116:] if data.startswith(b"MATLAB 5") else data


def _other_npz(raw: Raw) -> tuple[Sample, ...]:
    names = np.array(STANDARD_LEADS)
    return (_named("two.npz", npz_of(compressed=True, ecg=raw, b=raw.T / 1000, leads=names), AT_500_HZ),)


def _other_npy(raw: Raw) -> tuple[Sample, ...]:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asfortranarray(raw[None].astype(">f8") / 1000), version=(2, 0))
    return _named("raw.npy", npy_of(raw.T), AT_500_HZ), _named("old.npy", buffer.getvalue(), AT_500_HZ)


def _other_csv(raw: Raw) -> tuple[Sample, ...]:
    decimal_comma = csv_of(raw / 1000, ";".join(STANDARD_LEADS), ";").replace(b".", b",")
    rows = "\n".join(f"{name}\t" + "\t".join(map(str, row)) for name, row in zip(STANDARD_LEADS, raw, strict=True))
    bare = csv_of(raw / 1000, header=None, delimiter="\t")
    return tuple(_named("other.csv", data, AT_500_HZ) for data in (decimal_comma, rows, bare))


def _other_wfdb(raw: Raw) -> tuple[Sample, ...]:
    written = map(_library_wfdb, ("24", "32", "80", "212", "508", "516", "524"))
    packed = (
        _packed_wfdb(kind, size) for kind, size in (("8", 300), ("61", 600), ("160", 600), ("310", 400), ("311", 400))
    )
    return (*written, *packed, _segments(raw), _challenge(raw))


def _library_wfdb(kind: str) -> Sample:
    """Return what the reference library writes of a ramp that every format can hold."""
    ramp = np.arange(300)[:, None] % 100 + np.arange(12)[None]
    with tempfile.TemporaryDirectory() as folder:
        wfdb.wrsamp(
            "rec", 500, ["mV"] * 12, list(STANDARD_LEADS), d_signal=ramp.astype(np.int64), fmt=[kind] * 12,
            adc_gain=[100.0] * 12, baseline=[0] * 12, write_dir=folder,
        )  # fmt: skip
        header, *others = sorted(Path(folder).iterdir(), key=lambda path: path.suffix != ".hea")
        beside = {other.name: other.read_bytes() for other in others}
        return Sample(UploadedFile("rec.hea", header.read_bytes(), beside))


def _packed_wfdb(kind: str, bytes_per_lead: int) -> Sample:
    """Return a record in a way of packing that the reference library does not write: any bytes are samples."""
    lines = ["ecg 12 500 300", *(f"ecg.dat {kind} 100/mV 16 0 0 0 0 {name}" for name in STANDARD_LEADS)]
    signals = bytes(range(16)) * (bytes_per_lead * 12 // 16)
    return Sample(UploadedFile("ecg.hea", "\n".join(lines).encode(), {"ecg.dat": signals}))


def _segments(raw: Raw) -> Sample:
    """Return a record of three segments, of which one holds nothing."""
    parts: dict[str, bytes] = {}
    for name, half in (("one", raw[:, :150]), ("two", raw[:, 150:])):
        header, signals = wfdb_of(half / 1000, record_line=f"{name} 12 500 150")
        parts |= {f"{name}.hea": header.replace(b"ecg.dat", f"{name}.dat".encode()), f"{name}.dat": signals}
    return Sample(UploadedFile("all.hea", b"all/3 12 500 350\none 150\n~ 50\ntwo 150\n", parts))


def _challenge(raw: Raw) -> Sample:
    lines = [f"E1.mat 12 500 {raw.shape[1]} 05-May-2020 14:50:55"]
    lines += [f"E1.mat 16+24 1000/mV 16 0 {row[0]} {int(row.sum()) % 65536} 0 {name}"
              for name, row in zip(STANDARD_LEADS, raw, strict=True)]  # fmt: skip
    header = "\n".join([*lines, "#Age: 63", "#Sex: Male", "#Dx: 426783006"]) + "\n"
    return Sample(UploadedFile("E1.hea", header.encode(), {"E1.mat": mat_of("4", val=raw)}))


def _other_dicom(raw: Raw) -> tuple[Sample, ...]:
    shaped = {"unit": "mV", "sensitivity": "0.00125", "baseline": "12.5", "correction": "0.5"}
    return (_named("other.dcm", dicom_of(dicom_group(raw, rate_hz=999.5, **shaped), PatientBirthDate="19500101")),)


def _other_edf(raw: Raw) -> tuple[Sample, ...]:
    limits: dict[str, Any] = {"unit": "mV", "physical": ("-5", "5"), "digital": (-32768, 32767)}
    channels = [Channel(f"ECG {name}", row, 50, **limits) for name, row in zip(STANDARD_LEADS, raw, strict=True)]
    notes = Channel("EDF Annotations", np.zeros(60), 10, physical=(-1, 1))
    told = {"kind": "EDF+C", "patient": "MCH-02 F 02-AUG-1951 X", "recording": "Startdate 02-FEB-2012 PSG-1 NN T_03"}
    return (_named("plus.edf", edf_of([*channels, notes], 6, duration="0.1", **told)),)


_OTHERS: Final[Mapping[str, Callable[[Raw], tuple[Sample, ...]]]] = {
    "scp": _other_scp,
    "mat": _other_mat,
    "npz": _other_npz,
    "npy": _other_npy,
    "csv": _other_csv,
    "wfdb": _other_wfdb,
    "dicom": _other_dicom,
    "edf": _other_edf,
    "raw": lambda raw: (
        _named(
            "a.dat",
            bytes(64) + raw.astype(">f8").tobytes(),
            _laid("float64", "big", interleaved=False, header_bytes=64),
        ),
        _named("b.raw", raw[:8].T.astype("<f4").tobytes(), _laid("float32", lead_count=8)),
    ),
    "ishne": lambda raw: (_named("short.ecg", ishne_of(raw[[6, 1, 0]], (11, 6, 5), variable=b"own text\r\n")),),
    "cardiosoft-xml": lambda raw: (
        _named("other.xml", cardiosoft_of(strip_of(raw[:, :50]), disclosure_of(raw[:3], "I,II,V1"), encoding="UTF-8")),
    ),
    "philips-sierra": lambda raw: (
        _named("old.xml", sierra_of(raw, compressed=False, version="1.03").decode("utf-16")),
    ),
}
