"""The elements of a DICOM data set (PS3.5), as far as waveform objects need them: lazy and bounded.

Objects of electrocardiographs hold thousands of tiny items, e.g. a dozen annotations per beat. Only what is asked for
is decoded; what nests is walked once, and before that only where its length is not stated.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from services.ingest.decoding.digits import number_of
from services.shared.errors import TooLarge, UnreadableFile

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
MAX_DEPTH: Final = 16
MAX_ELEMENTS: Final = 500_000
_MAGIC_END: Final = 132
_META_GROUP: Final = 2
_SYNTAX: Final = 0x00020010
_CHARSET: Final = 0x00080005
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_UNDEFINED: Final = 0xFFFFFFFF
_LONG: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_RAW: Final = frozenset({b"", b"UN", b"OB", b"OW"})
_NUMBERS: Final = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}


_ABSENT: Final = (0, 0, b"")
_UNPACK: Final = {
    order: tuple(struct.Struct(order + layout).unpack_from for layout in ("HH2sH", "HHI", "I")) for order in "<>"
}
"""How an element begins: explicit, implicit, and the length that follows where a type allows long values."""


Value = tuple[int, int, bytes]
"""Where the value of an element begins and ends, and its two letters; no letters where the syntax states none."""
_Values = dict[int, Value]


@dataclass(slots=True)
class _Budget:
    """How many elements may still be walked."""

    left: int

    def spend(self, elements: int) -> None:
        self.left -= elements
        if self.left < 0:
            raise TooLarge(f"The DICOM object has more than {MAX_ELEMENTS} elements; an ECG was expected.")


@dataclass(frozen=True, slots=True)
class _Syntax:
    """How a data set is written."""

    data: bytes
    order: str
    """"<" or ">"."""
    is_explicit: bool
    budget: _Budget
    walked: dict[int, tuple[_Values, int]] = field(default_factory=dict)
    """The items of unstated length by their beginning: finding their end took a walk, which is not taken again."""

    @property
    def unknown(self) -> "_Syntax":
        """How sequences of an unknown type are written, whatever surrounds them (PS3.5, 6.2.2)."""
        return _Syntax(self.data, "<", is_explicit=False, budget=self.budget)


@dataclass(frozen=True, slots=True)
class DataSet:
    """The elements of a data set or of an item by tag."""

    _syntax: _Syntax
    _values: _Values
    _charset: bytes = b""

    @property
    def is_little_endian(self) -> bool:
        """Say in which order the bytes of binary values are."""
        return self._syntax.order == "<"

    def __contains__(self, tag: int) -> bool:
        """Say whether an element is there and has a value."""
        begin, end, _ = self._values.get(tag, _ABSENT)
        return end > begin

    def data(self, tag: int) -> memoryview:
        """Return the bytes of an element; none where it is absent."""
        begin, end, _ = self._values.get(tag, _ABSENT)
        return memoryview(self._syntax.data)[begin:end]

    def text(self, tag: int) -> str:
        """Return a text without the padding around it; "" where it is absent."""
        begin, end, _ = self._values.get(tag, _ABSENT)
        data = self._syntax.data[begin:end]
        text = data.decode("ascii") if data.isascii() else _decoded(data, self._charset)
        return text.strip(" \0")

    def numbers(self, tag: int, kind: str = "") -> tuple[float, ...]:
        """Return the numbers of an element; `kind` is the letter of binary ones where the syntax states none."""
        begin, end, vr = self._values.get(tag, _ABSENT)
        data, binary = self._syntax.data[begin:end], _NUMBERS.get(vr, kind if vr in _RAW else "")
        if not binary:
            parsed = (number_of(part) for part in data.decode("latin-1").strip(" \0").split("\\"))
            return tuple(number for number in parsed if number is not None)
        unpack = struct.Struct(self._syntax.order + binary)
        return tuple(each[0] for each in unpack.iter_unpack(data[: len(data) - len(data) % unpack.size]))

    def number(self, tag: int, kind: str = "") -> float | None:
        """Return the first number of an element; None where there is none."""
        return next(iter(self.numbers(tag, kind)), None)

    def items(self, tag: int, most: int = MAX_ELEMENTS) -> "list[DataSet]":
        """Return the first items of a sequence, at most so many; raises UnreadableFile where they are damaged."""
        begin, end, vr = self._values.get(tag, _ABSENT)
        syntax = self._syntax.unknown if vr == b"UN" else self._syntax
        return [self._item(syntax, *place) for place in islice(_items(syntax, begin, end), most)]

    def first(self, tag: int) -> "DataSet | None":
        """Return the first item of a sequence; None where there is none."""
        return next(iter(self.items(tag, 1)), None)

    def _item(self, syntax: _Syntax, begin: int, end: int) -> "DataSet":
        values, _ = syntax.walked.get(begin) or _walked(syntax, begin, end, 0)
        return DataSet(syntax, values, _charset_of(syntax, values) or self._charset)


def parse_dicom(data: bytes, max_bytes: int) -> DataSet:
    """Return the data set of a file, with or without a preamble; a deflated one may grow to max_bytes.

    Raises UnreadableFile where it is damaged, and TooLarge where it grows beyond.
    """
    begin = _MAGIC_END if data[_MAGIC_END - 4 : _MAGIC_END] == b"DICM" else 0
    budget = _Budget(MAX_ELEMENTS)
    meta = _Syntax(data, "<", is_explicit=True, budget=budget)
    values, begin = _walked(meta, begin, len(data), 0, group=_META_GROUP)
    uid = DataSet(meta, values).text(_SYNTAX)
    if uid == DEFLATED:
        data, begin = _inflated(data[begin:], max_bytes), 0
    if uid:
        syntax = _Syntax(data, ">" if uid == BIG_ENDIAN else "<", is_explicit=uid != IMPLICIT, budget=budget)
    else:
        is_big = data[begin : begin + 1] == b"\0" and data[begin + 1 : begin + 2] != b"\0"
        is_explicit = data[begin + 4 : begin + 6].isalpha()
        syntax = _Syntax(data, ">" if is_big else "<", is_explicit=is_explicit, budget=budget)
    found, _ = _walked(syntax, begin, len(data), 0)
    return DataSet(syntax, found, _charset_of(syntax, found))


def _walked(  # noqa: C901 the one loop that every element passes: a call per element would double its time
    syntax: _Syntax, at: int, end: int, depth: int, group: int | None = None
) -> tuple[_Values, int]:
    """Return the elements from a place on, to the end or to the end of the item, and where that is.

    `group` ends the walk before the first element of another group.
    """
    values: _Values = {}
    data, is_explicit, spent = syntax.data, syntax.is_explicit, 0
    explicit, implicit, length_at = _UNPACK[syntax.order]
    for spent in range(1, syntax.budget.left + 2):  # noqa: B007 it counts
        if at + 8 > end:
            break
        vr = b""
        if is_explicit:
            high, low, vr, length = explicit(data, at)
        else:
            high, low, length = implicit(data, at)
        if group is not None and high != group:
            break
        tag, at = high << 16 | low, at + 8
        if tag == _ITEM_END:
            break
        if vr in _LONG:
            (length,) = length_at(data, at) if at + 4 <= end else (_UNDEFINED,)
            at += 4
        elif vr and not vr.isalpha():  # some writers fall back to implicit within sequences
            vr = b""
            _, _, length = implicit(data, at - 8)
        after = at + length if length != _UNDEFINED else _after(syntax, at, end, vr, depth)
        if after > end:
            raise _damaged(f": an element of {after - at} bytes is announced, {max(end - at, 0)} are there")
        values[tag] = (at, after, vr)
        at = after
    syntax.budget.spend(spent)
    return values, at


def _after(syntax: _Syntax, at: int, end: int, vr: bytes, depth: int) -> int:
    """Return where a sequence of undefined length ends."""
    inside = syntax.unknown if vr == b"UN" else syntax
    for _, after in _items(inside, at, end, depth + 1):
        at = after
    return at + 8


def _items(syntax: _Syntax, at: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Return where each item of a sequence, or each fragment of an image, begins and ends."""
    if depth > MAX_DEPTH:
        raise UnreadableFile(f"The DICOM object nests deeper than {MAX_DEPTH} sequences: it is no ECG.")
    unpack = _UNPACK[syntax.order][1]
    while at + 8 <= end:
        high, low, length = unpack(syntax.data, at)
        tag, at = high << 16 | low, at + 8
        if tag == _SEQUENCE_END:
            return
        after = at + length
        if length == _UNDEFINED:
            if at not in syntax.walked:
                syntax.walked[at] = _walked(syntax, at, end, depth)
            after = syntax.walked[at][1]
        if tag != _ITEM or after > end:
            raise _damaged()
        syntax.budget.spend(1)
        yield at, after
        at = after


def _inflated(data: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = inflater.decompress(data, max_bytes)
    except zlib.error:
        raise _damaged() from None
    if inflater.unconsumed_tail:
        raise TooLarge(f"The DICOM object inflates beyond {max_bytes >> 20} MiB: it is no ECG.")
    return found


def _charset_of(syntax: _Syntax, values: _Values) -> bytes:
    begin, end, _ = values.get(_CHARSET, _ABSENT)
    return syntax.data[begin:end]


def _decoded(data: bytes, charset: bytes) -> str:
    """Return a text in the character set that the object names last, which extends the others; else in Latin-1."""
    from pydicom.charset import python_encoding  # noqa: PLC0415 a heavy import that few files need

    names = [name.strip(" \0") for name in charset.decode("latin-1").split("\\")]
    return data.decode(python_encoding.get(names[-1] or names[0], "latin-1"), "replace")


def _damaged(how: str = "") -> UnreadableFile:
    return UnreadableFile(f"The DICOM object is damaged or truncated{how}; export it again.")
