"""SCP-ECG (EN 1064, ISO 11073-91064): the rhythm of a record, whichever way it was compressed.

Value = (rhythm x its multiplier + subtracted reference beat x its multiplier) in nanovolt.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ingest.decoding.assembly import Found, assemble
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.subject import Subject
from services.ingest.formats.base import MAX_DECODED_BYTES, About, UploadedFile
from services.ingest.formats.scp_ecg import container
from services.ingest.formats.scp_ecg.beats import Beats, parse_beats
from services.ingest.formats.scp_ecg.header import Header, parse_header
from services.ingest.formats.scp_ecg.huffman import Samples, Table, parse_tables
from services.ingest.formats.scp_ecg.interpretation import parse_statements
from services.ingest.formats.scp_ecg.leads import Lead, Leads, parse_leads
from services.ingest.formats.scp_ecg.measurements import parse_measurements
from services.ingest.formats.scp_ecg.reconstruction import Grid, Row, add_beats, grid_of, spread
from services.ingest.formats.scp_ecg.waves import Waves, parse_waves, samples_of
from services.shared.acquisition import Acquisition, Filters, Scale
from services.shared.ecg import MAX_RATE_HZ, Recording, Remark, Signal
from services.shared.errors import TooLarge, UnreadableFile

NAME = "scp"

ABOUT: Final = About(
    title="SCP-ECG (EN 1064)",
    reads="default and own Huffman tables, first and second differences, subtracted reference beats, bimodal "
    "compression, unencoded samples; lengths that overflow 16 bits",
    refuses="records without leads or rhythm, damaged tables, codes that no table knows, truncated sections",
    units="amplitude multiplier in nanovolt; declared where it is 0",
    rate="sample interval in microseconds; declared where it is 0",
    proof=(
        "test_scp.py::test_own_tables_are_switched_between",
        "test_scp.py::test_the_reference_beat_is_added_where_it_was_subtracted",
        "test_real_files.py::test_scp_is_the_same_recording_as_in_dicom",
    ),
)

_MILLIVOLT_PER_NANOVOLT: Final = 1e-6
_MICROSECONDS: Final = 1e6
_WORKING_BYTES: Final = 16
_INTERPOLATING_BYTES: Final = 64
"""What is held of a sample at most, while it is decoded and interpolated."""
_MAX_FACTOR: Final = 8
_MOST_APART: Final = 2
"""How many times longer than all its leads one after the other a recording may be."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parsed sections that the rhythm is made of."""

    tables: tuple[Table, ...]
    layout: Leads
    beats: Beats
    reference: Waves | None
    rhythm: Waves


def sniff(file: UploadedFile) -> bool:
    """Recognise section 0, with which every record begins."""
    return container.is_record(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode the rhythm of a record; raises UnreadableFile where a part that it needs is not there."""
    record = container.parse_record(file.data)
    parts = _parts(record)
    header = parse_header(record.bodies.get(container.HEADER, b""))
    remarks = [
        Remark("checksum_mismatch", f"The checksum of {name} does not fit: the file may be damaged.")
        for name in record.damaged
    ]
    factor, interval_us = _timing(parts, remarks)
    rows = _rows(parts, factor, _nanovolt(parts.rhythm, declaration), remarks)
    signal = _placed(parts.layout.leads, rows, remarks)
    names = tuple(lead.name for lead in parts.layout.leads)
    rate_hz = _rate(interval_us, declaration)
    acquisition = _acquisition(record, header, _scales(parts, declaration))
    return assemble(Found(signal, names, rate_hz, tuple(remarks), _subject(header, declaration), acquisition))


def _parts(record: container.Record) -> _Parts:
    layout = parse_leads(record.needed(container.LEADS, "the leads"))
    tables = parse_tables(record.bodies.get(container.HUFFMAN))
    count = len(layout.leads)
    announced = None if tables else tuple(lead.samples for lead in layout.leads)
    rhythm = parse_waves(record.needed(container.RHYTHM, "the rhythm"), "rhythm", announced, count)
    beats, reference = Beats(), None
    if layout.is_subtracted or rhythm.is_bimodal:
        beats = parse_beats(record.needed(container.QRS, "the QRS complexes"), is_subtracted=layout.is_subtracted)
        body = record.needed(container.REFERENCE_BEAT, "the reference beat")
        reference = parse_waves(body, "reference beat", None, count)
    return _Parts(tables, layout, beats, reference, rhythm)


def _timing(parts: _Parts, remarks: list[Remark]) -> tuple[int, int]:
    """Return by what the rhythm was decimated, and the interval of its samples before that, in µs."""
    stored = parts.rhythm.interval_us
    if parts.reference is None or not parts.reference.interval_us:
        return 1, stored
    factor, rest = divmod(stored, parts.reference.interval_us)
    if rest or not 0 < factor <= _MAX_FACTOR:
        raise UnreadableFile(
            f"The rhythm of the SCP-ECG record has a sample per {stored} µs, its reference beat one per "
            f"{parts.reference.interval_us} µs: a whole ratio of at most {_MAX_FACTOR} was expected."
        )
    if factor > 1:
        kept = " outside of the QRS complexes" if parts.rhythm.is_bimodal else ""
        remarks.append(
            Remark("interpolated", f"The file keeps one of {factor} samples{kept}: the others were interpolated.")
        )
    return factor, parts.reference.interval_us


def _rows(parts: _Parts, factor: int, nanovolt: float, remarks: list[Remark]) -> list[Row]:
    """Return every lead in nanovolt, as far as it is stored."""
    leads = parts.layout.leads
    working = _WORKING_BYTES if factor == 1 else _INTERPOLATING_BYTES
    if sum(lead.samples for lead in leads) * working > MAX_DECODED_BYTES:
        raise TooLarge("The SCP-ECG record announces more samples than are read at once; upload a shorter one.")
    grids = _grids(parts, factor)
    counts = tuple(grid.stored if grid else lead.samples for lead, grid in zip(leads, grids, strict=True))
    if any(grid is not None and not grid.is_whole for grid in grids):
        text = f"The stretches between QRS complexes are no multiples of {factor} samples, as the standard asks for."
        remarks.append(Remark("uneven_stretches", text))
    stored = samples_of(parts.rhythm, parts.tables, counts)
    if factor == 1 and parts.rhythm.is_bimodal and any(map(_is_short, stored, counts)):
        raise UnreadableFile(
            "The rhythm of the SCP-ECG record is bimodal and shorter than announced, but as fast as its reference beat."
        )
    scaled = [row.astype(np.float64) * nanovolt for row in stored]
    rows = [spread(row, grid) if grid else row for row, grid in zip(scaled, grids, strict=True)]
    if parts.layout.is_subtracted and parts.reference is not None:
        _restore(rows, parts, parts.reference)
    return rows


def _is_short(row: Samples, count: int) -> bool:
    return len(row) < count


def _grids(parts: _Parts, factor: int) -> list[Grid | None]:
    if factor == 1:
        return [None] * len(parts.layout.leads)
    zones = parts.beats.protected if parts.rhythm.is_bimodal else None
    known: dict[tuple[int, int], Grid] = {}
    for lead in parts.layout.leads:
        if (lead.start, lead.samples) not in known:
            known[lead.start, lead.samples] = grid_of(lead, zones, factor)
    return [known[lead.start, lead.samples] for lead in parts.layout.leads]


def _restore(rows: list[Row], parts: _Parts, reference: Waves) -> None:
    count = round(parts.beats.reference_ms * 1000 / max(reference.interval_us, 1))
    beats = samples_of(reference, parts.tables, (count,) * len(rows))
    for lead, row, beat in zip(parts.layout.leads, rows, beats, strict=True):
        add_beats(row, lead.start, beat.astype(np.float64) * reference.nanovolt, parts.beats)


def _placed(leads: tuple[Lead, ...], rows: list[Row], remarks: list[Remark]) -> Signal:
    """Return the leads in millivolt on one clock, NaN where one was not recorded."""
    origin = min(lead.start for lead in leads)
    length = max(lead.start - origin + len(row) for lead, row in zip(leads, rows, strict=True))
    if length > _MOST_APART * sum(map(len, rows)):
        raise UnreadableFile("The leads of the SCP-ECG record lie far apart in time: section 3 is damaged.")
    signal = np.full((len(leads), length), np.nan, dtype=np.float32)
    for target, lead, row in zip(signal, leads, rows, strict=True):
        target[lead.start - origin : lead.start - origin + len(row)] = row * _MILLIVOLT_PER_NANOVOLT
    short = [(lead, row) for lead, row in zip(leads, rows, strict=True) if len(row) < lead.samples]
    if short:
        lead, row = short[0]
        text = f"The file holds fewer samples than it announces, e.g. {len(row)} of {lead.samples} in {lead.name}."
        remarks.append(Remark("missing_samples", text))
    return signal


def _nanovolt(rhythm: Waves, declaration: Declaration) -> float:
    if rhythm.nanovolt:
        return float(rhythm.nanovolt)
    if declaration.gain_adu_per_mv:
        return 1 / (_MILLIVOLT_PER_NANOVOLT * declaration.gain_adu_per_mv)
    raise UnreadableFile("The SCP-ECG record states no amplitude multiplier; declare gain_adu_per_mv.")


def _rate(interval_us: int, declaration: Declaration) -> float:
    if not interval_us and declaration.rate_hz:
        return declaration.rate_hz
    if interval_us * MAX_RATE_HZ < _MICROSECONDS:
        raise UnreadableFile(f"The SCP-ECG record states a sample per {interval_us} µs; declare sampling_rate_hz.")
    return _MICROSECONDS / interval_us


def _scales(parts: _Parts, declaration: Declaration) -> tuple[Scale, ...]:
    stated, gain = parts.rhythm.nanovolt, declaration.gain_adu_per_mv or 1.0
    resolution, unit = (float(stated), "nV") if stated else (1 / gain, "")
    return tuple(Scale(lead.name, resolution, unit) for lead in parts.layout.leads)


def _acquisition(record: container.Record, header: Header, scales: tuple[Scale, ...]) -> Acquisition:
    words, codes = (record.bodies.get(number, b"") for number in (container.STATEMENTS, container.CODED_STATEMENTS))
    return Acquisition(
        device=header.device,
        acquired_at=header.acquired.isoformat() if header.acquired else None,
        filters=Filters(header.high_pass_hz, header.low_pass_hz, header.notch_hz),
        scales=scales,
        measurements=parse_measurements(record.bodies.get(container.MEASUREMENTS, b"")),
        statements=parse_statements(words, codes),
    )


def _subject(header: Header, declaration: Declaration) -> Subject:
    return Subject(header.age_years, header.sex, declaration.pseudonym(header.patient_id))
