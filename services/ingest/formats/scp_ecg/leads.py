"""Section 3: which leads were recorded, and when."""

import struct
from dataclasses import dataclass
from typing import Final

from services.ingest.decoding.leads import of_code
from services.shared.errors import UnreadableFile

_LEAD: Final = struct.Struct("<IIB")
_MAX_LEADS: Final = 64
_SUBTRACTED: Final = 1
_CHEST: Final = ("V7", "V2R", "V3R", "V4R", "V5R", "V6R", "V7R", "X", "Y", "Z")
_OTHERS: Final = {**dict(enumerate(_CHEST, 9)), 66: "V8", 67: "V9", 68: "V8R", 69: "V9R"}


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead of the recording."""

    name: str
    start: int
    """Its first sample among those of the recording, from 0."""
    samples: int


@dataclass(frozen=True, slots=True)
class Leads:
    """The leads in the order of their samples."""

    leads: tuple[Lead, ...]
    is_subtracted: bool
    """Whether the reference beat was subtracted from the rhythm."""


def parse_leads(body: bytes) -> Leads:
    """Return the leads; raises UnreadableFile where there are none, too many, or impossible ones."""
    if len(body) < 2:  # noqa: PLR2004 the number of leads and flags
        raise UnreadableFile("Section 3 of the SCP-ECG record, the leads, is truncated; export it again.")
    count, flags = body[0], body[1]
    if not 0 < count <= _MAX_LEADS:
        raise UnreadableFile(f"The SCP-ECG record announces {count} leads; 1 to {_MAX_LEADS} were expected.")
    if len(body) < 2 + count * _LEAD.size:
        raise UnreadableFile(f"Section 3 of the SCP-ECG record announces {count} leads, which are not there.")
    rows = [_LEAD.unpack_from(body, 2 + row * _LEAD.size) for row in range(count)]
    for first, last, _ in rows:
        if first < 1 or last < first:
            raise UnreadableFile(f"A lead of the SCP-ECG record runs from sample {first} to {last}: that is none.")
    leads = tuple(Lead(_name(code), first - 1, last - first + 1) for first, last, code in rows)
    return Leads(leads, bool(flags & _SUBTRACTED))


def _name(code: int) -> str:
    return of_code(f"5.6.3-9-{code}") or _OTHERS.get(code) or f"lead {code}"
