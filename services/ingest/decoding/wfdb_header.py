"""WFDB headers: which files they name, and their record line as the standard writes it.

https://physionet.org/physiotools/wag/header-5.htm
"""

import re
from dataclasses import dataclass
from typing import Final

from services.shared.errors import UnreadableFile

MAX_SIGNALS: Final = 64
MAX_HEADER_BYTES: Final = 1 << 20
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,99}")
_RECORD_LINE = re.compile(r"\S+[ \t]+\d+(?:[ \t]+[\d.]+\S*(?:[ \t]+\d+.*)?)?[ \t]*")
RECORD: Final = "record"
_HEAD_BYTES: Final = 2048
_FIELDS: Final = 4
_GAIN_FIELD: Final = 2
_GAIN = re.compile(r"-?[\d.]*[1-9]")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says of its files."""

    text: str
    """The header with lines that every reader understands: for the record RECORD, its signal files as in `renamed`."""
    renamed: dict[str, str]
    """The names that the signal files bear in `text`, by their names in the upload, in the order of their signals."""
    states_rate: bool
    states_gain: bool


def is_header(data: bytes) -> bool:
    """Say whether data is a WFDB header: a record line, then a line per signal that begins with a file's name."""
    head = data[:_HEAD_BYTES]
    if len(data) > MAX_HEADER_BYTES or b"\0" in head:
        return False
    lines = _lines(head)
    if not lines or not _RECORD_LINE.fullmatch(lines[0]) or "," in lines[0] or ";" in lines[0]:
        return False
    fields = lines[0].split()
    if "/" in fields[0]:
        return True
    signals = [line.split() for line in lines[1:] if len(line.split()) > 1]
    return bool(signals) and re.match(r"\d+(?:x\d+)?(?::\d+)?(?:\+\d+)?$", signals[0][1]) is not None


def parse_header(data: bytes) -> Header:
    """Return what a header names; raises UnreadableFile where it is damaged or would leave the upload."""
    lines = _lines(data)
    if not lines or not is_header(data):
        raise UnreadableFile("The .hea file is no WFDB header: a record line and a line per signal were expected.")
    fields = lines[0].split()
    if "/" in fields[0]:
        raise UnreadableFile("Records of several segments are not read; upload each segment's .hea and .dat files.")
    count = int(fields[1])
    signals = [line.split() for line in lines[1:] if line.strip()]
    if not 0 < count <= MAX_SIGNALS or len(signals) < count:
        raise UnreadableFile(
            f"The .hea file announces {count} signals and describes {len(signals)}; 1 to {MAX_SIGNALS} were expected."
        )
    renamed = {
        _safe(name): f"signal{n}.dat" for n, name in enumerate(dict.fromkeys(line[0] for line in signals[:count]))
    }
    # Some published headers begin with the name of the signal file, or write dates that readers stumble over.
    record_line = " ".join([RECORD, *fields[1:_FIELDS]])
    signal_lines = [" ".join([renamed[line[0]], *line[1:]]) for line in signals[:count]]
    return Header(
        text="\n".join([record_line, *signal_lines, *_comments(data)]) + "\n",
        renamed=renamed,
        states_rate=len(fields) >= _FIELDS - 1,
        states_gain=all(len(line) > _GAIN_FIELD and _GAIN.match(line[_GAIN_FIELD]) for line in signals[:count]),
    )


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _comments(data: bytes) -> list[str]:
    return [line for line in data.decode("utf-8", "replace").splitlines() if line.startswith("#")]


def _safe(name: str) -> str:
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        raise UnreadableFile(f"The .hea file names {name[:60]!r}; only plain names of files uploaded with it are read.")
    return name
