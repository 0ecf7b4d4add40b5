"""Files that hold several named arrays (NPZ, MAT): which one is the ECG, and what the others say of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.arrays import Bare, looks_like_ecg
from services.ingest.decoding.quoting import quoted
from services.shared.ecg import Remark
from services.shared.errors import UnreadableFile

_SIGNAL_NAMES: Final = ("val", "ecg", "signal", "signals", "p_signal", "data", "x", "tracings")
_RATE = re.compile(r"fs|s?freq(?:uency)?|s?rate(?:hz)?|sampl(?:e|ing)(?:rate|freq(?:uency)?)(?:hz)?")
_LEADS = re.compile(r"leads?(?:names?)?|ch(?:annel)?s?(?:names?)?|signames?|labels")
_MAX_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Member:
    """One named array, known by its shape before it is read."""

    shape: tuple[int, ...]
    is_numeric: bool
    load: Callable[[], NDArray[Any]]


def find_ecg(members: Mapping[str, Member]) -> Bare:
    """Return the ECG among named arrays, with the rate and lead names that lie beside it.

    Raises UnreadableFile where none has the shape of an ECG. Of several the first is read; a remark names the others.
    """
    candidates = [name for name, member in members.items() if member.is_numeric and looks_like_ecg(member.shape)]
    if not candidates:
        listed = ", ".join(f"{quoted(name)} {member.shape}" for name, member in [*members.items()][:_MAX_LISTED])
        raise UnreadableFile(
            f"None of the arrays in the file is an ECG of 12 or 8 leads: {listed or 'it holds none'}. "
            "Other leads can be uploaded as a CSV whose header names them."
        )
    chosen = min(candidates, key=_preference)
    remarks = []
    if others := [name for name in candidates if name != chosen]:
        text = (
            f"Only {quoted(chosen)!r} was read. "
            f"The file also holds {', '.join(map(quoted, others[:_MAX_LISTED]))}: upload each by itself."
        )
        remarks.append(Remark("other_signals", text))
    return Bare(members[chosen].load(), names=_lead_names(members), rate_hz=_rate_hz(members), remarks=tuple(remarks))


def _preference(name: str) -> int:
    lowered = name.lower()
    return _SIGNAL_NAMES.index(lowered) if lowered in _SIGNAL_NAMES else len(_SIGNAL_NAMES)


def _rate_hz(members: Mapping[str, Member]) -> float | None:
    for name, member in members.items():
        if _RATE.fullmatch(_plain(name)) and member.is_numeric and set(member.shape) <= {1}:
            return float(np.asarray(member.load(), dtype=np.float64).reshape(()))
    return None


def _lead_names(members: Mapping[str, Member]) -> tuple[str, ...] | None:
    for name, member in members.items():
        if _LEADS.fullmatch(_plain(name)) and not member.is_numeric:
            values = np.asarray(member.load()).ravel()
            if values.dtype.kind in "US":
                return tuple(str(value).strip() for value in values)
    return None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
