"""WFDB headers: the record line, a line per signal or per segment, and comments.

https://physionet.org/physiotools/wag/header-5.htm; what published headers add to that is read too, and told.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Final

from services.ingest.decoding.wfdb_signal_line import SignalLine, parse_signal_line, plain_name
from services.shared.errors import UnreadableFile

HEADER_SUFFIX: Final = ".hea"
MAX_SIGNALS: Final = 64
MAX_SEGMENTS: Final = 4096
MAX_HEADER_BYTES: Final = 1 << 20
GAP: Final = "~"
"""Where a name is expected: nothing was recorded."""
_HEAD_BYTES: Final = 2048
_RECORD_LINE = re.compile(r"(?!\w+:)[^\s/]+(?:/[^\s/]+)*[ \t]+\d+(?:[ \t]+[\d.]+\S*(?:[ \t]+\d+.*)?)?[ \t]*")
_SIGNAL_LINE = re.compile(r"(?![-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?\s)\S+\s+\d+(?:x\d+)?(?::\d+)?(?:\+\d+)?(?:\s|$)")
"""A file's name, which is no number: lines of numbers are a table."""
_RATE = re.compile(r"(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:e[+]?(\d{1,2}))?(?:/.*)?", re.IGNORECASE)
_COUNT = re.compile(r"\d{1,15}")
_MASTER = re.compile(r"[^/]+/(\d{1,15})")
_TIME = re.compile(r"\[?(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2})(?:\.(\d{1,6})\d*)?")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\]?")
_SECONDS_OF_A_MINUTE: Final = 60
_RATE_FIELD: Final = 2
_LENGTH_FIELD: Final = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a record that is a record of its own, or a gap."""

    name: str
    """GAP where nothing was recorded."""
    frames: int

    @property
    def header_name(self) -> str:
        """The name of the file that describes it."""
        return self.name + HEADER_SUFFIX


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says: either of signals or, if it is the master of others, of segments."""

    rate_hz: float | None
    """Frames per second; None where it is not stated."""
    frames: int | None
    """None where the length is not stated."""
    started_at: str | None
    """ISO 8601, where both time and date are stated as the standard writes them."""
    states_rate_twice: bool
    signals: tuple[SignalLine, ...]
    segments: tuple[Segment, ...]
    comments: tuple[str, ...]
    signal_count: int

    @property
    def files(self) -> tuple[str, ...]:
        """The files that belong to the record, in order: signal files, or the headers of segments."""
        names = [line.file_name for line in self.signals]
        names += [segment.header_name for segment in self.segments if segment.name != GAP]
        return tuple(name for name in dict.fromkeys(names) if name != GAP)


@dataclass(frozen=True, slots=True)
class _RecordLine:
    signals: int
    segments: int
    rate_hz: float | None
    frames: int | None
    started_at: str | None
    states_rate_twice: bool


def is_header(data: bytes) -> bool:
    """Say whether data is a WFDB header: a record line, then one of a signal, with a file's name, or of a segment."""
    head = data[:_HEAD_BYTES]
    if len(data) > MAX_HEADER_BYTES or b"\0" in head:
        return False
    lines = _lines(_text(head))
    if not lines or not _RECORD_LINE.fullmatch(lines[0]) or "," in lines[0] or ";" in lines[0]:
        return False
    if _MASTER.fullmatch(lines[0].split()[0]):
        return len(lines) == 1 or not _MASTER.fullmatch(lines[1].split()[0])
    return len(lines) > 1 and _SIGNAL_LINE.match(lines[1]) is not None


def parse_header(data: bytes, file_name: str) -> Header:
    """Return what a header says; raises UnreadableFile where it is damaged or names what it must not."""
    text = _text(data)
    lines = _lines(text)
    if not lines or not is_header(data):
        raise UnreadableFile("The .hea file is no WFDB header: a record line and a line per signal were expected.")
    record = _record_line(lines[0])
    listed = record.segments or record.signals
    limit, kind = (MAX_SEGMENTS, "segments") if record.segments else (MAX_SIGNALS, "signals")
    if not 0 < listed <= limit or not 0 < record.signals <= MAX_SIGNALS or len(lines) <= listed:
        raise UnreadableFile(
            f"The .hea file announces {listed} {kind} and describes {len(lines) - 1}; 1 to {limit} were expected."
        )
    segments = tuple(map(_segment, lines[1 : 1 + record.segments])) if record.segments else ()
    header = Header(
        record.rate_hz,
        record.frames,
        record.started_at,
        record.states_rate_twice,
        signals=() if segments else tuple(starmap(parse_signal_line, enumerate(lines[1 : 1 + listed]))),
        segments=segments,
        comments=tuple(line.lstrip().lstrip("#") for line in text.splitlines() if line.lstrip().startswith("#")),
        signal_count=record.signals,
    )
    _check_names(header, file_name)
    return header


def _record_line(line: str) -> _RecordLine:
    fields = line.split()
    master = _MASTER.fullmatch(fields[0])
    rate = _rate(fields[_RATE_FIELD]) if len(fields) > _RATE_FIELD else None
    rest = fields[_LENGTH_FIELD:]
    twice = _states_rate_twice(rate, rest)
    rest = rest[1:] if twice else rest
    frames = int(rest[0]) if rest and _COUNT.fullmatch(rest[0]) else None
    count = _number(fields[1])
    if master and int(master[1]) == 0:
        raise UnreadableFile("The .hea file announces 0 segments; at least one was expected.")
    return _RecordLine(count, int(master[1]) if master else 0, rate, frames or None, _started(rest), twice)


def _states_rate_twice(rate: float | None, rest: list[str]) -> bool:
    """Say whether a length follows a second rate; a time of day in seconds, which may follow a length, is below 60."""
    if rate is None or len(rest) <= 1 or not (_COUNT.fullmatch(rest[0]) and _COUNT.fullmatch(rest[1])):
        return False
    return float(rest[0]) == rate and int(rest[1]) >= _SECONDS_OF_A_MINUTE


def _rate(field: str) -> float:
    match = _RATE.fullmatch(field)
    if match is None:
        raise UnreadableFile(
            f"The .hea file states a rate of {field[:40]!r}; a number of samples per second was expected."
        )
    return float(match[1]) * math.pow(10, int(match[2] or 0))


def _started(rest: list[str]) -> str | None:
    """Return base time and date; published headers that write the date first have that of their conversion there."""
    stated = (*rest, "", "", "")
    time, date = _TIME.fullmatch(stated[1]), _DATE.fullmatch(stated[2])
    if time is None or date is None:
        return None
    hour, minute, second = (int(time[n] or 0) for n in (1, 2, 3))
    day, month, year = (int(date[n]) for n in (1, 2, 3))
    try:
        started = datetime(year, month, day, hour, minute, second, int((time[4] or "").ljust(6, "0")))  # noqa: DTZ001 no zone is stated
    except ValueError:
        return None
    return started.isoformat()


def _segment(line: str) -> Segment:
    fields = line.split()
    if len(fields) <= 1 or not _COUNT.fullmatch(fields[1]):
        raise UnreadableFile(
            f"The .hea file has a segment {line[:60]!r}; a name and a number of samples were expected."
        )
    return Segment(fields[0] if fields[0] == GAP else plain_name(fields[0]), int(fields[1]))


def _check_names(header: Header, file_name: str) -> None:
    own = file_name.removesuffix(HEADER_SUFFIX)
    if any(segment.name == own for segment in header.segments) or file_name in header.files:
        raise UnreadableFile(f"The .hea file {file_name[:60]} names itself among its own files.")
    if any(line.file_name.lower().endswith(HEADER_SUFFIX) for line in header.signals):
        raise UnreadableFile("The .hea file names a header among its signal files.")


def _number(field: str) -> int:
    """Return a number; one of more digits than any limit has counts as too many."""
    return int(field) if _COUNT.fullmatch(field) else MAX_HEADER_BYTES


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
