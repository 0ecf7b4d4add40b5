from pathlib import Path

import numpy as np
import pytest
import wfdb
from numpy.typing import NDArray

from services.ingest.decoding.wfdb_header import parse_header
from services.ingest.decoding.wfdb_record import Record, read_record
from services.shared.errors import PlatformError, TooLarge, UnreadableFile
from tests.unit.services.ingest.wfdb_files import RANGES, flac, header, packed, signal_lines

PLAIN = [code for code in RANGES if not code.startswith("5")]
FLAC = [code for code in RANGES if code.startswith("5")]


def numbers(code: str, signals: int, samples: int) -> NDArray[np.int64]:
    """Return (signals, samples) whole numbers that a format holds; the second signal begins with the missing code."""
    low, high = RANGES[code]
    if code == "8":
        return np.random.default_rng(1).integers(low, high, (signals, samples)).cumsum(axis=1)
    raw = np.random.default_rng(1).integers(low + 1, high, (signals, samples))
    raw[1, 0] = low
    return raw


def interleaved(code: str, raw: NDArray[np.int64]) -> bytes:
    if code == "8":
        raw = np.diff(raw, axis=1, prepend=raw[:, :1])
    return packed(code, raw.T.reshape(-1).tolist())


def read(head: bytes, declared_gain: float | None = None, /, **files: bytes) -> Record:
    beside = {name.replace("_", "."): data for name, data in files.items()}
    return read_record(parse_header(head, "r.hea"), beside, declared_gain)


def by_the_library(folder: Path, head: bytes, **files: bytes) -> NDArray[np.float64]:
    for name, data in {"r_hea": head, **files}.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return np.asarray(wfdb.rdrecord(str(folder / "r"), smooth_frames=False).e_p_signal)


def codes(record: Record) -> set[str]:
    return {remark.code for remark in record.remarks}


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.parametrize("samples", [7, 100])
def test_every_format_gives_what_was_stored_and_what_the_library_reads(tmp_path: Path, code: str, samples: int) -> None:
    raw = numbers(code, 3, samples)
    head = header(f"r 3 500 {samples}", signal_lines(list(raw), code + "+10", gain="1000(-5)/uV"))
    data = b"0123456789" + interleaved(code, raw)

    record = read(head, r_dat=data)

    expected = np.where(raw == RANGES[code][0], np.nan, (raw + 5) / 1000 / 1000) if code != "8" else (raw + 5) / 1e6
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6)
    np.testing.assert_allclose(record.signal * 1000, by_the_library(tmp_path, head, r_dat=data), rtol=1e-6)
    assert np.isnan(record.signal[1, 0]) == (code != "8")
    assert codes(record) == set()
    assert record.resolutions == ((0.001, "uV"),) * 3


@pytest.mark.parametrize("code", FLAC)
@pytest.mark.parametrize("per_frame", [1, 3])
def test_flac_gives_what_was_stored_and_what_the_library_reads(tmp_path: Path, code: str, per_frame: int) -> None:
    raw = numbers(code, 3, 99)
    head = header(f"r 3 500 {99 // per_frame}", signal_lines(list(raw), f"{code}x{per_frame}"))
    data = flac(code, raw.T)

    record = read(head, r_dat=data)

    np.testing.assert_allclose(record.signal, np.where(raw == RANGES[code][0], np.nan, raw / 100), rtol=1e-6)
    np.testing.assert_allclose(record.signal, by_the_library(tmp_path, head, r_dat=data), rtol=1e-6)
    assert (codes(record), record.per_frame) == (set(), per_frame)


def test_files_of_several_formats_are_one_record(tmp_path: Path) -> None:
    a, b = numbers("212", 3, 50), numbers("61", 2, 50)
    lines = [*signal_lines(list(a), "212"), *signal_lines(list(b), "61", file_name="r.xyz", names=["aVR", "V1"])]
    head = header("r 5 500 50", lines)
    files = {"r_dat": interleaved("212", a), "r_xyz": interleaved("61", b)}

    record = read(head, **files)

    assert record.names == ("I", "II", "III", "aVR", "V1")
    np.testing.assert_allclose(record.signal, by_the_library(tmp_path, head, **files), rtol=1e-6)


def test_leads_with_several_samples_in_a_frame_have_their_own_rate() -> None:
    frames, leads = 20, [np.arange(80), np.arange(80) * 2]
    other = np.arange(20)
    lines = [*signal_lines(leads, "16x4"), *signal_lines([other], "16", gain="1/mmHg", names=["ABP"])]
    lines += signal_lines([other], "16", names=["Vx"])
    flat = np.hstack([*(lead.reshape(frames, 4) for lead in leads), other[:, None], other[:, None]])

    record = read(header(f"r 4 125 {frames}", lines), r_dat=flat.astype("<i2").tobytes())

    assert (record.names, record.per_frame) == (("I", "II"), 4)
    np.testing.assert_allclose(record.signal, np.array(leads) / 100, rtol=1e-6)
    assert codes(record) == {"other_signals", "other_rates"}


def test_leads_of_different_rates_are_refused() -> None:
    lines = [*signal_lines([np.arange(8)], "16x2"), *signal_lines([np.arange(4)], "16", names=["II"])]

    with pytest.raises(UnreadableFile, match=r"different rates \(samples per frame: I 2, II 1\)"):
        read(header("r 2 125 4", lines), r_dat=bytes(24))


@pytest.mark.parametrize("per_frame", [1, 2])
def test_a_signal_that_comes_late_is_brought_in_step(per_frame: int) -> None:
    raw = np.arange(1, 41).reshape(2, 20)
    lines = [*signal_lines(raw[:1], f"16x{per_frame}"), *signal_lines(raw[1:], f"16x{per_frame}:3", names=["II"])]
    flat = np.hstack([row.reshape(-1, per_frame) for row in raw])

    record = read(header(f"r 2 500 {20 // per_frame}", lines), r_dat=flat.astype("<i2").tobytes())

    late = 3 * per_frame
    np.testing.assert_allclose(record.signal[0], raw[0] / 100, rtol=1e-6)
    np.testing.assert_allclose(record.signal[1, :-late], raw[1, late:] / 100, rtol=1e-6)
    assert np.isnan(record.signal[1, -late:]).all()
    assert codes(record) == {"skew"}


@pytest.mark.parametrize(
    ("unit", "millivolt", "ucum"), [("mV", 1, "mV"), ("uV", 1e-3, "uV"), ("µV", 1e-3, "uV"), ("V", 1e3, "V")]
)
def test_units_are_read(unit: str, millivolt: float, ucum: str) -> None:
    raw = np.arange(10)[None]

    record = read(header("r 1 500 10", signal_lines(raw, "16", gain=f"50/{unit}")), r_dat=raw.astype("<i2").tobytes())

    np.testing.assert_allclose(record.signal, raw / 50 * millivolt, rtol=1e-6)
    assert record.resolutions == ((0.02, ucum),)


@pytest.mark.parametrize(("declared", "gain"), [(None, 200), (1000, 1000)])
def test_a_gain_that_is_not_stated_is_declared_or_the_standard_s(declared: float | None, gain: float) -> None:
    raw = np.arange(10)[None]

    record = read(header("r 1 500 10", ["r.dat 16"]), declared, r_dat=raw.astype("<i2").tobytes())

    np.testing.assert_allclose(record.signal, raw / gain, rtol=1e-6)
    assert (codes(record), record.resolutions) == ({"default_gain"}, ((1 / gain, ""),))


def test_signals_that_are_described_alike_are_kept_apart() -> None:
    raw = np.arange(20).reshape(2, 10)

    record = read(header("r 2 500 10", ["r.dat 16 100"] * 2), r_dat=raw.T.astype("<i2").tobytes())

    np.testing.assert_allclose(record.signal, raw / 100, rtol=1e-6)


@pytest.mark.parametrize("code", ["16", "212", "311", "516"])
def test_a_length_that_is_not_stated_is_that_of_the_files(code: str) -> None:
    raw = numbers(code, 2, 51)
    data = flac(code, raw.T) if code == "516" else interleaved(code, raw)

    record = read(header("r 2 500", signal_lines(list(raw), code)), r_dat=data)

    assert record.signal.shape == (2, 51)
    assert codes(record) == {"inferred_length"}


@pytest.mark.parametrize(
    ("old", "new", "code"), [(" 3 6 0", " 3 7 0", "checksum_mismatch"), (" 3 6 0", " 4 6 0", "initial_value_mismatch")]
)
def test_checksums_and_initial_values_are_checked(old: str, new: str, code: str) -> None:
    raw = np.array([[3, 2, 1]])
    head = header("r 1 500 3", signal_lines(raw, "16")).replace(old.encode(), new.encode())

    assert codes(read(head, r_dat=raw.astype("<i2").tobytes())) == {code}


@pytest.mark.parametrize(("code", "more"), [("16", 3), ("212", 4), ("310", 6)])
def test_what_lies_behind_the_stated_length_is_told(code: str, more: int) -> None:
    raw = numbers("310", 2, 50)
    data = interleaved(code, raw)
    head = header("r 2 500 50", signal_lines(list(raw), code))

    assert codes(read(head, r_dat=data + b"\0")) == set()
    assert codes(read(head, r_dat=data + interleaved(code, raw[:, :more]))) == {"trailing_bytes"}


def test_signals_whose_file_is_absent_are_told() -> None:
    raw = np.arange(10)[None]
    lines = [*signal_lines(raw, "16"), *signal_lines(raw, "16", file_name="r.xyz", names=["vx"])]

    record = read(header("r 2 500 10", lines), r_dat=raw.astype("<i2").tobytes())

    assert (record.names, codes(record)) == (("I",), {"missing_companion"})


RAMP = np.arange(3000).reshape(3, 1000) % 100


@pytest.mark.parametrize(
    ("head", "data", "message"),
    [
        (header("r 3 500 1000", ["r.dat 17 100"] * 3), b"", "format 17; 8, 16"),
        (header("r 1 500 10", ["r.dat 16+24 100"]), b"MATLAB 5.0 MAT-file, Platform", "save it as level 4"),
        (header("r 2 500 10", ["r.dat 16 100", "r.dat 212 100"]), b"", "differently"),
        (header("r 2 500 10", ["r.dat 16+24 100", "r.dat 16 100"]), b"", "differently"),
        (header("r 2 500 10", ["r.dat 516x2 100", "r.dat 516 100"]), b"", "differently"),
        (header("r 3 500 1001", ["r.dat 16 100"] * 3), RAMP.astype("<i2").tobytes(), "6006 bytes were expected, 6000"),
        (header("r 3 500 1000", ["r.dat 16+1 100"] * 3), RAMP.astype("<i2").tobytes(), "6001 bytes were expected"),
        (header("r 3 500 1001", ["r.dat 516 100"] * 3), flac("516", RAMP.T), "1001 samples were expected, 1000"),
        (header("r 3 500", ["r.dat 16+9000 100"] * 3), RAMP.astype("<i2").tobytes(), "holds no samples"),
        (header("r 3 500 900000", ["r.dat 516 100"] * 3), flac("516", RAMP.T), "no ECG is so flat"),
        (header("r 1 500 10", ["r.dat 16 100/mmHg"]), bytes(20), "None of the record's signals is a voltage"),
        (header("r 1 500 10", ["~ 16 100"]), bytes(20), "layout of several"),
    ],
)
def test_what_does_not_fit_is_refused(head: bytes, data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(head, r_dat=data)


@pytest.mark.parametrize("code", ["16", "516"])
def test_an_announced_size_is_compared_before_anything_is_allocated(code: str) -> None:
    with pytest.raises(TooLarge, match="announces"):
        read(header("r 3 500 99999999999", [f"r.dat {code} 100"] * 3), r_dat=b"fLaC")


@pytest.mark.parametrize("code", ["16", "212", "516"])
def test_damaged_files_are_refused_or_told(code: str) -> None:
    random = np.random.default_rng(2)
    raw = numbers(code, 2, 300)
    files = {
        "r.hea": header("r 2 500 300", signal_lines(list(raw), code)),
        "r.dat": flac(code, raw.T) if code == "516" else interleaved(code, raw),
    }
    for _ in range(300):
        damaged = {name: bytearray(data) for name, data in files.items()}
        for name, data in damaged.items():
            for at in random.integers(0, len(data), random.integers(0, 4)):
                data[at] = random.integers(256)
            if random.random() < 0.2:
                damaged[name] = data[: random.integers(len(data))]
        try:
            record = read(bytes(damaged["r.hea"]), r_dat=bytes(damaged["r.dat"]))
        except PlatformError:
            continue
        assert record.signal.dtype == np.float32
