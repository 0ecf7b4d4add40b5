import struct
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import PlatformError, TooLarge, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads
from tests.unit.services.ingest.scp_records import (
    DEFAULT,
    EIGHT,
    TWELVE,
    Structure,
    beats_of,
    bits_of,
    differences,
    encoded,
    header_of,
    leads_of,
    packed,
    plain,
    record_of,
    tables_of,
    waves_of,
)

MICROVOLT = np.round(twelve_leads() * 1000).astype(int)
NOTHING = Declaration()
DEFAULT_TABLE = struct.pack("<H", 19999)


def simple(order: int = 2, /, **changes: bytes) -> bytes:
    """Return the twelve leads with the default table; changes replace sections, s3=..."""
    rhythm = waves_of([encoded(differences(row, order), DEFAULT) for row in MICROVOLT], order=order)
    sections = {1: header_of(), 2: DEFAULT_TABLE, 3: leads_of(TWELVE, 600), 6: rhythm}
    return record_of(sections | {int(name[1:]): body for name, body in changes.items()})


def unencoded(rows: NDArray[Any], leads: bytes, **waves: int) -> bytes:
    return record_of({1: header_of(), 3: leads, 6: waves_of([plain(row) for row in rows], **waves)})


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_default_table_is_read_with_any_differences(order: int) -> None:
    decoded = sniffed(simple(order), NOTHING)

    assert decoded.format_name == "scp"
    np.testing.assert_array_equal(decoded.recording.signal, (MICROVOLT * 1e-3).astype(np.float32))
    assert (decoded.recording.leads, decoded.recording.rate_hz) == (STANDARD_LEADS, 500)
    assert codes(decoded.recording) == {"lead_algebra"}


def test_unencoded_samples_bear_the_multiplier_and_the_rate_of_the_file() -> None:
    recording = read(unencoded(MICROVOLT, leads_of(TWELVE, 600), nanovolt=2500, us=1250), NOTHING)

    np.testing.assert_allclose(recording.signal, MICROVOLT * 0.0025, rtol=1e-6)
    assert recording.rate_hz == 800


def test_eight_leads_become_twelve() -> None:
    rows = MICROVOLT[[0, 1, 6, 7, 8, 9, 10, 11]]

    recording = read(unencoded(rows, leads_of(EIGHT, 600)), NOTHING)

    assert recording.leads == STANDARD_LEADS
    np.testing.assert_allclose(recording.signal, MICROVOLT * 1e-3, atol=6e-4)
    assert "derived_leads" in codes(recording)


def test_own_tables_are_switched_between() -> None:
    near: list[Structure] = [*DEFAULT[:3], ("110", 0, 0, 2), ("111", 0, 0, 1)]
    far: list[Structure] = [("01", 12, 1, 100), ("1", 0, 0, 1), ("0000000000000000001", 3, 1, 0)]
    row = np.array([0, 1, -1, 150, -900, 2100, 0, 1] * 75)
    bits, table = "", near
    for value in row.tolist():
        wanted = near if abs(value) <= 1 else far
        if wanted is not table:
            bits += "110" if wanted is far else "1"
            table = wanted
        bits += bits_of(value, table)
    sections = {2: tables_of([near, far]), 3: leads_of([1, 2], 600), 6: waves_of([packed(bits)] * 2)}

    recording = read(record_of(sections), NOTHING)

    np.testing.assert_allclose(recording.signal[0], row * 1e-3, rtol=1e-6)


def test_a_section_of_no_tables_leaves_samples_unencoded() -> None:
    data = {2: struct.pack("<H", 0), 3: leads_of(TWELVE, 600), 6: waves_of([plain(row) for row in MICROVOLT])}

    np.testing.assert_allclose(read(record_of(data), NOTHING).signal, MICROVOLT * 1e-3, rtol=1e-6)


def test_the_reference_beat_is_added_where_it_was_subtracted() -> None:
    reference = np.round(800 * np.exp(-0.5 * ((np.arange(60) - 30) / 4.0) ** 2)).astype(int)
    residual = MICROVOLT[:2].copy()
    zones = [(0, 71, 101, 130), (1, 201, 231, 260), (0, 305, 331, 350), (0, 571, 601, 630)]
    expected = residual * 5.0
    expected[:, 70:130] += reference * 2.5
    expected[:, 304:350] += reference[4:50] * 2.5
    expected[:, 570:600] += reference[:30] * 2.5
    sections = {
        2: DEFAULT_TABLE,
        3: leads_of([1, 2], 600, flags=1),
        4: beats_of(120, 31, zones, [(81, 120), (211, 250), (311, 340), (581, 600)]),
        5: waves_of([encoded(differences(reference, 2), DEFAULT)] * 2, nanovolt=2500, order=2),
        6: waves_of([encoded(differences(row, 1), DEFAULT) for row in residual], nanovolt=5000, order=1),
    }

    recording = read(record_of(sections), NOTHING)

    np.testing.assert_allclose(recording.signal[:2], expected * 1e-3, rtol=1e-6)


def bimodal(**changes: bytes) -> tuple[NDArray[np.int64], bytes]:
    """Return a lead and its record, decimated by 4 but for samples 101 to 140 and 301 to 340."""
    row = np.concatenate([np.full(100, 40), np.arange(40) * 7, np.arange(160), np.full(40, -90), np.full(62, 12)])
    means = [row[start : start + 4].mean().astype(int) for start in range(0, 402, 4)]
    stored = np.array([*means[:25], *row[100:140], *means[35:75], *row[300:340], *means[85:]])
    sections = {
        2: DEFAULT_TABLE,
        3: leads_of([1, 2], 402),
        4: beats_of(0, 0, [], [(101, 140), (301, 340)]),
        5: waves_of([b""] * 2),
        6: waves_of([encoded(differences(stored, 2), DEFAULT)] * 2, us=8000, order=2, flags=1),
    }
    return row, record_of(sections | {int(name[1:]): body for name, body in changes.items()})


def test_a_bimodal_rhythm_keeps_the_protected_zones_and_is_interpolated_elsewhere() -> None:
    row, data = bimodal()

    recording = read(data, NOTHING)

    assert (recording.samples, recording.rate_hz) == (402, 500)
    flat = [*range(140), *range(300, 402)]
    np.testing.assert_allclose(recording.signal[0, flat], row[flat] * 1e-3, rtol=1e-6)
    np.testing.assert_allclose(recording.signal[0, 142:298], row[142:298] * 1e-3, atol=2.1e-3)
    assert "interpolated" in codes(recording)


def test_a_bimodal_rhythm_without_its_full_rate_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no section 5"):
        read(bimodal(s5=b"")[1], NOTHING)
    with pytest.raises(UnreadableFile, match="whole ratio"):
        read(bimodal(s5=waves_of([b""] * 2, us=3000))[1], NOTHING)
    with pytest.raises(UnreadableFile, match="shorter than announced"):
        read(bimodal(s5=waves_of([b""] * 2, us=8000))[1], NOTHING)


def test_leads_that_were_not_recorded_at_once_lie_beside_each_other() -> None:
    leads = bytes([2, 0]) + struct.pack("<IIBIIB", 1, 300, 1, 301, 600, 3)

    recording = read(unencoded(MICROVOLT[:2, :300], leads), NOTHING)

    assert recording.samples == 600
    np.testing.assert_allclose(recording.signal[0, :300], MICROVOLT[0, :300] * 1e-3, rtol=1e-6)
    assert np.isnan(recording.signal[0, 300:]).all()
    assert np.isnan(recording.signal[1, :300]).all()


def test_lengths_that_overflow_their_16_bits_are_seen_through() -> None:
    rows = np.tile(MICROVOLT[:2], 60)

    recording = read(unencoded(rows, leads_of([1, 2], 36000)), NOTHING)

    np.testing.assert_allclose(recording.signal[:2], rows * 1e-3, rtol=1e-6)


def test_samples_that_are_announced_but_not_there_are_told() -> None:
    recording = read(unencoded(MICROVOLT, leads_of(TWELVE, 700)), NOTHING)

    assert recording.samples == 600
    assert "missing_samples" in codes(recording)


def test_the_patient_is_a_pseudonym_and_the_device_is_named() -> None:
    machine = bytes(8) + b"EL250\0" + bytes(22) + b"v1\0serial\0sw\0scp\0Acme\0"
    fields = header_of(
        t0=b"Doe\0", t2=b"42\0", t5=b"\xb2\x07\x05\x08", t8=b"\x02", t14=machine, t25=b"\xd2\x07\x0b\x16"
    )

    recording = read(simple(s1=fields), Declaration(pseudonym_key=b"k"))

    assert recording.patient == Declaration(pseudonym_key=b"k").pseudonym("42")
    assert (recording.age_years, recording.sex, recording.acquisition.device) == (32, "female", "Acme EL250")


def test_what_the_device_claims_is_kept_apart() -> None:
    measured = struct.pack("<BBHH5H3h", 1, 0, 800, 29999, 100, 200, 250, 340, 600, 10, 20, 30)
    said = bytes(8) + b"\x01" + struct.pack("<BH", 1, 7) + b"NORMAL\0"

    acquisition = read(simple(s7=measured, s8=said), NOTHING).acquisition

    assert {each.name: each.value for each in acquisition.measurements}["qt_interval"] == 350
    assert acquisition.statements == ("NORMAL",)
    assert {scale.unit for scale in acquisition.scales} == {"nV"}


def test_a_checksum_that_does_not_fit_is_told() -> None:
    data = bytearray(simple())
    data[-1] ^= 1

    assert "checksum_mismatch" in codes(read(bytes(data), NOTHING))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"s3": b""}, "no section 3"),
        ({"s6": b""}, "no section 6"),
        ({"s3": leads_of([], 600)}, "announces 0 leads"),
        ({"s3": bytes([12, 0])}, "announces 12 leads, which are not there"),
        ({"s3": struct.pack("<BBIIB", 1, 0, 9, 3, 1)}, "runs from sample 9 to 3"),
        ({"s3": leads_of(TWELVE, 600, flags=1)}, "no section 4"),
        ({"s2": struct.pack("<HH", 1, 900)}, "tables .* damaged"),
        ({"s2": tables_of([[("1", 0, 1, 0), ("10", 0, 1, 1)]])}, "ambiguous"),
        ({"s2": tables_of([[("0", 0, 1, 0)]])}, "a code that no table knows"),
        ({"s6": waves_of([bytes(4)] * 12, order=3)}, "encoded in a way 3"),
        ({"s6": waves_of([bytes(4)] * 12)[:40]}, "rhythm .* truncated: 48 bytes were expected, 10 are there"),
        ({"s6": waves_of([bytes(4)] * 12, nanovolt=0)}, "gain_adu_per_mv"),
        ({"s6": waves_of([bytes(4)] * 12, us=0)}, "sampling_rate_hz"),
        ({"s6": waves_of([bytes(4)] * 12, us=9)}, "sampling_rate_hz"),
    ],
)
def test_what_is_not_there_or_impossible_is_refused(changes: dict[str, bytes], message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(simple(**changes), NOTHING)


def test_a_truncated_record_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="truncated: section 6 is"):
        read(simple()[:-100], NOTHING)


def test_announced_sizes_allocate_nothing() -> None:
    with pytest.raises(TooLarge, match="announces more samples"):
        read(simple(s3=leads_of(TWELVE, 4_000_000_000)), NOTHING)


SEEDS = (simple(), bimodal()[1], unencoded(MICROVOLT, leads_of(TWELVE, 600)))


@settings(max_examples=400, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    in_head=st.booleans(),
    cut=st.floats(0.5, 1),
)
def test_mutated_records_are_read_or_refused(
    seed: bytes, edits: list[tuple[float, int]], cut: float, *, in_head: bool
) -> None:
    data = bytearray(seed)
    for place, value in edits:
        data[int(place * (min(420, len(data)) if in_head else len(data)))] = value

    with suppress(PlatformError):
        read(bytes(data[: int(cut * len(data))] if cut < 0.6 else data), Declaration(format_name="scp"))
