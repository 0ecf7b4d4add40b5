"""Files that hold several named arrays (NPZ, MAT): which one is the ECG, and what the others say of it.

Names may have parts, as "ECG.data" has: what lies in the same structure, or in the one around it, speaks of the ECG.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.arrays import Bare, looks_like_ecg
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import canonical, inverted
from services.ingest.decoding.quoting import quoted
from services.ingest.decoding.stated import Said, Stated, stated_of
from services.shared.ecg import Remark
from services.shared.errors import UnreadableFile

_SIGNAL_NAMES: Final = frozenset(
    {"val", "ecg", "signal", "signals", "p_signal", "data", "x", "tracings", "ecg_data", "ecg_signal", "waveform"}
)
_MATRIX: Final = 2
_MAX_LISTED: Final = 12
_MOST_SAID: Final = 4096
"""More texts than this say nothing of an ECG."""
_MOST_NUMBERS: Final = 64


@dataclass(frozen=True, slots=True)
class Member:
    """One named array, known by its shape before it is read."""

    shape: tuple[int, ...]
    is_numeric: bool
    load: Callable[[], NDArray[Any]]


Members = Mapping[str, Member]


def find_ecg(members: Members, declaration: Declaration) -> Bare:
    """Return the ECG among named arrays, with what lies beside it: rate, unit, gain, names, age and sex.

    Raises UnreadableFile where none has the shape of an ECG, or several have.
    """
    candidates = [name for name, member in members.items() if member.is_numeric and looks_like_ecg(member.shape)]
    candidates = candidates or _with_named_axis(members, declaration)
    if not candidates:
        return _of_vectors(members, declaration)
    chosen = _chosen(members, candidates)
    others = [name for name in candidates if name != chosen]
    stated = _stated(members, _group(chosen), declaration)
    return Bare(members[chosen].load(), remarks=_left_out(chosen, others)).beside(stated)


def are_several_ecgs(members: Members) -> bool:
    """Say whether every array is an ECG of its own, so that each can be read without the others."""
    shapes = [member.shape for member in members.values() if member.is_numeric and looks_like_ecg(member.shape)]
    return len(shapes) > 1 and len(shapes) == len(members)


def _with_named_axis(members: Members, declaration: Declaration) -> list[str]:
    """Return the arrays with a place for each lead that is named beside them, and more samples than leads."""
    matrices = [name for name, member in members.items() if member.is_numeric and len(_lengths(member)) == _MATRIX]
    named = {group: _stated(members, group, declaration).names for group in set(map(_group, matrices))}
    return [name for name in matrices if (names := named[_group(name)]) and len(names) == min(_lengths(members[name]))]


def _lengths(member: Member) -> list[int]:
    return [length for length in member.shape if length != 1]


def _chosen(members: Members, candidates: list[str]) -> str:
    known = [name for name in candidates if _key(name).lower() in _SIGNAL_NAMES]
    if len(candidates) == 1 or len(known) == 1:
        return (known or candidates)[0]
    listed = ", ".join(f"{quoted(name)} {members[name].shape}" for name in candidates[:_MAX_LISTED])
    raise UnreadableFile(
        f"The file holds several ECGs ({listed}): save each in a file of its own, or call the one to be read 'ecg'."
    )


def _left_out(chosen: str, others: list[str]) -> tuple[Remark, ...]:
    if not others:
        return ()
    listed = ", ".join(map(quoted, others[:_MAX_LISTED]))
    text = f"Only {quoted(chosen)!r} was read. The file also holds {listed}: upload each by itself."
    return (Remark("other_signals", text),)


def _of_vectors(members: Members, declaration: Declaration) -> Bare:
    """Return the ECG of arrays that are called by their leads, one for each."""
    vectors = {
        name: member for name, member in members.items() if member.is_numeric and _is_lead(name) and _is_vector(member)
    }
    groups = list(dict.fromkeys(map(_group, vectors)))
    if len(groups) > 1:
        raise UnreadableFile(
            f"The file holds several ECGs ({quoted(', '.join(groups), 200)}): save each in a file of its own."
        )
    if not vectors:
        listed = ", ".join(f"{quoted(name)} {member.shape}" for name, member in [*members.items()][:_MAX_LISTED])
        raise UnreadableFile(
            f"None of the arrays in the file is an ECG of 12 or 8 leads: {listed or 'it holds none'}. "
            "Other leads can be saved as one array for each, called by its lead (I, II, V1, …)."
        )
    rows = [member.load().reshape(-1) for member in vectors.values()]
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(f"{quoted(name)} {len(row)}" for name, row in zip(vectors, rows, strict=True))
        raise UnreadableFile(f"The leads of the file differ in length: {lengths[:300]}; save them with one length.")
    stated = _stated(members, groups[0], declaration)
    return Bare(np.stack(rows), names=tuple(map(_key, vectors)), oriented=True).beside(stated)


def _is_lead(name: str) -> bool:
    return bool(canonical(_key(name)) or inverted(_key(name)))


def _is_vector(member: Member) -> bool:
    return len(_lengths(member)) == 1


def _stated(members: Members, group: str, declaration: Declaration) -> Stated:
    """Return what the small arrays of a structure say, then those around it."""
    said: dict[str, Said] = {}
    while True:
        for name, member in members.items():
            if _group(name) == group and _key(name) not in said:
                said.update({_key(name): value for value in _said(member)})
        if not group:
            return stated_of(said, declaration)
        group = _group(group)


def _said(member: Member) -> Iterator[Said]:
    """Yield the text, the number or the few of them that an array holds."""
    if math.prod(member.shape) > (_MOST_NUMBERS if member.is_numeric else _MOST_SAID):
        return
    values = np.asarray(member.load())
    if values.dtype.kind in "US":
        texts = tuple(text.decode("latin-1") if isinstance(text, bytes) else str(text) for text in values.ravel())
        yield texts[0] if len(texts) == 1 else texts
    elif values.dtype.kind in "iuf" and values.size:
        numbers = tuple(float(value) for value in values.ravel())
        yield numbers[0] if len(numbers) == 1 else numbers


def _key(name: str) -> str:
    return name.rpartition(".")[2]


def _group(name: str) -> str:
    return name.rpartition(".")[0]
