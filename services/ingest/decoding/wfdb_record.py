"""One WFDB record whose header describes signals: its files become millivolt.

https://physionet.org/physiotools/wag/header-5.htm
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.leads import canonical
from services.ingest.decoding.units import MILLIVOLT, millivolt_per
from services.ingest.decoding.wfdb_header import Header
from services.ingest.decoding.wfdb_samples import DIFFERENCES, missing_code
from services.ingest.decoding.wfdb_signal_file import Group, frames_in, has_more, raw_signals
from services.ingest.decoding.wfdb_signal_line import SignalLine
from services.shared.ecg import Remark, Signal
from services.shared.errors import TooLarge, UnreadableFile

MAX_SAMPLES: Final = 1 << 25
"""Of all signals together, that are read at once: a day of three leads at 128 Hz, nine hours of twelve at 80 Hz."""
DEFAULT_GAIN: Final = 200.0
"""Units of the file per physical unit, where the header states none: the standard's."""
_CHECKSUM_RANGE: Final = 1 << 16
_UCUM: Final = {MILLIVOLT["v"]: "V", MILLIVOLT["mv"]: "mV", MILLIVOLT["uv"]: "uV", MILLIVOLT["nv"]: "nV"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a record holds of voltages."""

    names: tuple[str, ...]
    """"" where the header names none."""
    signal: Signal
    """(leads, samples), millivolt; NaN where nothing was recorded."""
    resolutions: tuple[tuple[float, str], ...]
    """Of each lead what one unit of the file is, and of which unit (UCUM); "" where that is declared or assumed."""
    per_frame: int
    """Samples of a lead in each frame."""
    remarks: tuple[Remark, ...]


def check_size(frames: int, signals: int) -> None:
    """Refuse what a header announces before anything is allocated for it."""
    if frames * signals > MAX_SAMPLES:
        raise TooLarge(f"The header announces {frames} samples of {signals} signals: more than is read at once.")


def has_voltages(header: Header) -> bool:
    """Say whether a header describes a signal that is a voltage."""
    return any(millivolt_per(line.unit) is not None for line in header.signals)


def read_record(header: Header, files: Mapping[str, bytes], declared_gain: float | None) -> Record:
    """Return the voltages of a record; declared_gain, in units per millivolt, holds where the header states none."""
    absent = [name for name in header.files if name not in files]
    if not header.files:
        raise UnreadableFile(
            "The .hea file is the layout of several segments; upload it with the header that lists it."
        )
    if len(absent) == len(header.files):
        raise UnreadableFile(f"The header needs {', '.join(absent)[:200]}; upload it together with the .hea file.")
    groups = _groups(header.signals, files)
    frames = header.frames or min(frames_in(group) for group in groups)
    check_size(frames, sum(line.per_frame for line in header.signals))
    lines, remarks = _voltages([line for group in groups for line in group.lines])
    raws = {line: raw for group in groups for line, raw in zip(group.lines, raw_signals(group, frames), strict=True)}
    lines.sort(key=lambda line: line.row)
    factors = [_millivolt_per_unit(line, declared_gain) for line in lines]
    signal = np.empty((len(lines), frames * lines[0].per_frame), dtype=np.float32)
    for row, line, factor in zip(signal, lines, factors, strict=True):
        _write_millivolt(row, raws[line], line, factor)
    if longer := [group.file_name for group in groups if has_more(group, frames)]:
        text = f"{', '.join(longer)[:200]} goes on behind the {frames} samples that the header states: left out."
        remarks.append(Remark("trailing_bytes", text))
    remarks += _remarks(header, absent, declared_gain, {line: raws[line] for line in lines})
    resolutions = tuple(_resolution(line, factor) for line, factor in zip(lines, factors, strict=True))
    return Record(tuple(line.name for line in lines), signal, resolutions, lines[0].per_frame, tuple(remarks))


def _groups(lines: Sequence[SignalLine], files: Mapping[str, bytes]) -> list[Group]:
    """Return the signal files that are there, each with the signals that lie in it."""
    by_file: dict[str, list[SignalLine]] = {}
    for line in lines:
        by_file.setdefault(line.file_name, []).append(line)
    return [Group(name, tuple(inside), files[name]) for name, inside in by_file.items() if name in files]


def _voltages(lines: Sequence[SignalLine]) -> tuple[list[SignalLine], list[Remark]]:
    """Return the signals that are voltages and share the rate of the standard leads."""
    volts = [line for line in lines if millivolt_per(line.unit) is not None]
    if not volts:
        raise UnreadableFile("None of the record's signals is a voltage.")
    standard = [line for line in volts if canonical(line.name)] or volts
    rates = {line.per_frame for line in standard}
    if len(rates) > 1:
        listed = ", ".join(f"{line.name} {line.per_frame}" for line in standard)[:200]
        raise UnreadableFile(
            f"The leads have different rates (samples per frame: {listed}); export them with one rate."
        )
    chosen = [line for line in volts if line.per_frame in rates]
    remarks = []
    if others := [line.name or "unnamed" for line in lines if line not in volts]:
        remarks.append(Remark("other_signals", f"{', '.join(others)[:200]} are no voltages and were left out."))
    if others := [line.name or "unnamed" for line in volts if line not in chosen]:
        text = f"{', '.join(others)[:200]} have another rate than the standard leads: left out."
        remarks.append(Remark("other_rates", text))
    return chosen, remarks


def _millivolt_per_unit(line: SignalLine, declared_gain: float | None) -> float:
    if line.gain is None and declared_gain is not None:
        return 1 / declared_gain
    return (millivolt_per(line.unit) or 1.0) / (line.gain or DEFAULT_GAIN)


def _resolution(line: SignalLine, factor: float) -> tuple[float, str]:
    if line.gain is None:
        return factor, ""
    return 1 / line.gain, _UCUM[millivolt_per(line.unit) or 1.0]


def _write_millivolt(row: Signal, raw: NDArray[Any], line: SignalLine, factor: float) -> None:
    """Write a signal to its row, in step with the others; what the file holds of none is NaN."""
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused as such
        values = ((raw.astype(np.float64) - line.baseline) * factor).astype(np.float32)
    code = missing_code(line.format_code)
    if code is not None:
        values[raw == code] = np.nan
    late = min(line.skew * line.per_frame, len(values))
    row[: len(values) - late] = values[late:]
    row[len(values) - late :] = np.nan


def _remarks(
    header: Header, absent: list[str], declared_gain: float | None, raws: Mapping[SignalLine, NDArray[Any]]
) -> Iterator[Remark]:
    if absent:
        yield Remark("missing_companion", f"{', '.join(absent)[:200]} was not uploaded; its signals are missing.")
    if header.frames is None:
        yield Remark("inferred_length", "The header states no length: all samples of the signal files were taken.")
    if any(line.gain is None for line in raws):
        taken = "the standard's 200 units per physical unit" if declared_gain is None else "the declared gain"
        yield Remark("default_gain", f"Where the header states no gain, {taken} was taken.")
    if any(line.skew for line in raws):
        yield Remark("skew", "The header states that signals come late in the file: they were brought in step.")
    if any(line.checksum is not None and (_sum(raw) - line.checksum) % _CHECKSUM_RANGE for line, raw in raws.items()):
        text = "The checksums of the header do not fit the samples: the file may be damaged."
        yield Remark("checksum_mismatch", text)
    if any(
        line.states_initial and line.format_code != DIFFERENCES and int(raw[0]) != line.initial
        for line, raw in raws.items()
    ):
        text = (
            "The initial values of the header are not the first samples: the file may be damaged or another record's."
        )
        yield Remark("initial_value_mismatch", text)


def _sum(raw: NDArray[Any]) -> int:
    return int(raw.sum(dtype=np.int64))
