"""WFDB records of several segments, of fixed or variable layout: their parts become one signal, with gaps.

https://physionet.org/physiotools/wag/header-5.htm
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from services.ingest.decoding.units import millivolt_per
from services.ingest.decoding.wfdb_header import GAP, Header, Segment, parse_header
from services.ingest.decoding.wfdb_record import Record, check_size, has_voltages, read_record
from services.shared.ecg import Remark
from services.shared.errors import UnreadableFile


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment at its place."""

    start_frame: int
    frames: int
    record: Record


def segment_headers(master: Header, files: Mapping[str, bytes]) -> dict[str, Header]:
    """Return the headers of the segments by file name.

    Raises UnreadableFile where a file of a segment was not uploaded, or a segment has segments itself.
    """
    headers = {name: parse_header(files[name], name) for name in master.files if name in files}
    for name, header in headers.items():
        if header.segments:
            raise UnreadableFile(f"{name} lists segments and is one itself; upload records without such circles.")
    absent = [name for name in master.files if name not in files]
    for header in headers.values():
        lacking = [name for name in header.files if name not in files]
        if lacking and len(lacking) == len(header.files) and has_voltages(header):
            absent += lacking
    if absent:
        raise UnreadableFile(
            f"The record has several segments and needs {', '.join(dict.fromkeys(absent))[:400]}; upload them together."
        )
    return headers


def read_segments(
    master: Header, headers: Mapping[str, Header], files: Mapping[str, bytes], declared_gain: float | None
) -> Record:
    """Return the voltages of a record of several segments; NaN where a segment is a gap or lacks a signal."""
    frames = sum(segment.frames for segment in master.segments)
    check_size(frames, master.signal_count)
    if master.frames not in {None, frames}:
        raise UnreadableFile(f"The header announces {master.frames} samples, its segments have {frames}.")
    layout = _layout(master, headers)
    parts = _parts(master, headers, files, declared_gain)
    if not parts:
        raise UnreadableFile("None of the segments holds a voltage.")
    if len({part.record.per_frame for part in parts}) > 1:
        raise UnreadableFile("The segments have different rates; upload each by itself.")
    if layout is None and len({part.record.names for part in parts}) > 1:
        raise UnreadableFile(
            "The segments have different signals, but the record has no layout; upload each by itself."
        )
    return _joined(master, layout, parts, frames)


def _layout(master: Header, headers: Mapping[str, Header]) -> Header | None:
    """Return the first segment where it has no length: it describes the signals that occur."""
    first = master.segments[0]
    return headers[first.header_name] if first.frames == 0 and first.name != GAP else None


def _parts(
    master: Header, headers: Mapping[str, Header], files: Mapping[str, bytes], declared_gain: float | None
) -> list[_Part]:
    records: dict[str, Record] = {}
    parts, start = [], 0
    for segment in master.segments:
        if segment.name != GAP and segment.frames:
            header = headers[segment.header_name]
            _check(master, segment.frames, segment.header_name, header)
            if has_voltages(header):
                if segment.name not in records:
                    records[segment.name] = read_record(header, files, declared_gain)
                parts.append(_part(start, segment, records[segment.name]))
        start += segment.frames
    return parts


def _part(start: int, segment: Segment, record: Record) -> _Part:
    if record.signal.shape[1] != segment.frames * record.per_frame:
        raise UnreadableFile(f"{segment.header_name} has another length than the record says.")
    return _Part(start, segment.frames, record)


def _check(master: Header, frames: int, name: str, header: Header) -> None:
    if header.frames not in {None, frames}:
        raise UnreadableFile(f"{name} announces {header.frames} samples; the record says it has {frames}.")
    if None not in {header.rate_hz, master.rate_hz} and header.rate_hz != master.rate_hz:
        raise UnreadableFile(f"{name} has {header.rate_hz:g} frames per second, the record {master.rate_hz:g}.")


def _joined(master: Header, layout: Header | None, parts: list[_Part], frames: int) -> Record:
    listed = [line.name for line in layout.signals if millivolt_per(line.unit) is not None] if layout else []
    names = tuple(dict.fromkeys([*listed, *(name for part in parts for name in part.record.names)]))
    by_position = layout is None
    if by_position:
        names = parts[0].record.names
    per_frame = parts[0].record.per_frame
    check_size(frames * per_frame, len(names))
    signal = np.full((len(names), frames * per_frame), np.nan, dtype=np.float32)
    for part in parts:
        rows = range(len(names)) if by_position else [names.index(name) for name in part.record.names]
        start = part.start_frame * per_frame
        signal[list(rows), start : start + part.frames * per_frame] = part.record.signal
    resolutions, varying = _resolutions(names, parts)
    remarks = [*_own_remarks(master, parts), *varying, *_merged(parts)]
    return Record(names, signal, resolutions, per_frame, tuple(remarks))


def _resolutions(names: tuple[str, ...], parts: list[_Part]) -> tuple[tuple[tuple[float, str], ...], list[Remark]]:
    """Return the finest resolution of each lead; (0, "") where no segment holds it."""
    found: dict[int, set[tuple[float, str]]] = {}
    for part in parts:
        fixed = part.record.names == names
        for row, name in enumerate(part.record.names):
            found.setdefault(row if fixed else names.index(name), set()).add(part.record.resolutions[row])
    varying = [Remark("varying_gain", "The gain differs from segment to segment: of each lead the finest is told.")]
    chosen = tuple(min(found.get(row, {(0.0, "")})) for row in range(len(names)))
    return chosen, varying if any(len(each) > 1 for each in found.values()) else []


def _own_remarks(master: Header, parts: list[_Part]) -> Iterator[Remark]:
    gaps = sum(segment.frames > 0 for segment in master.segments) - len(parts)
    yield Remark(
        "joined_segments", f"{len(parts)} segments were joined, with {gaps} gaps where no voltage was recorded."
    )


def _merged(parts: list[_Part]) -> Iterator[Remark]:
    """Yield each kind of remark once, with the number of segments that it holds for."""
    texts: dict[str, list[str]] = {}
    for record in {id(part.record): part.record for part in parts}.values():
        for remark in record.remarks:
            texts.setdefault(remark.code, []).append(remark.text)
    for code, same in texts.items():
        yield Remark(code, same[0] if len(same) == 1 else f"{same[0]} (and in {len(same) - 1} more segments)")
