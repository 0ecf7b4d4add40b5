"""How a file is damaged: blindly, byte by byte, and knowingly, where formats keep numbers, texts and packed blocks."""

import base64
import binascii
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from tests.fuzz.dice import Dice

Mutation = Callable[[bytes, Dice, Sequence[bytes]], bytes]
NUMBERS: Final = (
    b"0", b"-1", b"1", b"2", b"1000000000", b"1e9", b"1e308", b"-1e308", b"1e-300", b"nan", b"NaN", b"inf", b"-inf",
    b"", b" ", b"0.0", b"0.5", b"-0", b"4294967296", b"4294967295", b"2147483648", b"65536", b"32768", b"-32768",
    b"255", b"99999999999999999999", b"99999", b"12", b"13", b"8", b"0x10", b"1_000", b"1,5", b"+", b"x",
    b"\xd9\xa3", b"\xff", b"&", b"%s", b"../..", b"/etc/passwd", b"\0", b"1" * 400,
)  # fmt: skip
WORDS: Final = tuple(
    struct.pack(form, value)
    for form, values in (
        ("<b", (0, 1, -1, 127, -128)),
        ("<h", (0, 1, -1, 255, 256, 29999, 32767, -32768)),
        (">h", (0, 1, -1, 256, 32767, -32768)),
        ("<i", (0, 1, -1, 65536, 10**9, 2**31 - 1, -(2**31))),
        (">i", (0, 1, -1, 65536, 10**9, 2**31 - 1, -(2**31))),
        ("<q", (0, -1, 2**32, 2**63 - 1)),
        ("<f", (0.0, -0.0, float("nan"), float("inf"), 1e38)),
        ("<d", (0.0, float("nan"), float("-inf"), 1e308, 1e-308)),
    )
    for value in values
)
_LARGEST_BLOCK: Final = 4096
_LARGEST_FILE: Final = 1 << 20
_NUMBER = re.compile(rb"[+-]?\d[\d.]*(?:[eE][+-]?\d+)?")
_FIELD = re.compile(rb"[+-]?\d[\d.]{0,11} *")
_VALUE = re.compile(rb">([^<>]{1,24})<|=\s*\"([^\"]{1,40})\"")
_BASE64 = re.compile(rb">\s*([A-Za-z0-9+/=\s]{120,})<")
_ELEMENT = re.compile(rb"<(\w+)[^<>]*>[^<>]{0,200}</\1>")
_UTF_16: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def mutated(data: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """Return a damaged copy: one change that knows the kind of file or any, and often a few more; others to splice."""
    mark = next(((mark, name) for mark, name in _UTF_16 if data.startswith(mark)), None)
    if mark and dice.chance(0.8):
        text = data[len(mark[0]) :].decode(mark[1], "replace").encode()
        return mark[0] + mutated(text, dice, others).decode("utf-8", "replace").encode(mark[1])
    damaged = dice.pick(_knowing(data))(data, dice, others) if dice.chance(0.6) else data
    for _ in range(dice.pick((0, 0, 1, 1, 3)) if damaged != data else dice.pick((1, 1, 2, 8))):
        damaged = dice.pick(BLIND)(damaged, dice, others)
    return damaged[:_LARGEST_FILE]


def _flip(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return _put(data, at := dice.place(len(data)), bytes([(data[at] if data else 0) ^ 1 << dice.below(8)]))


def _overwrite(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return _put(data, dice.place(len(data)), dice.pick(WORDS))


def _noise(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return _put(data, dice.place(len(data)), dice.bytes(1 + dice.below(16)))


def _cut(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return data[: dice.place(len(data))] if dice.chance(0.5) else data[: len(data) - dice.below(64)]


def _remove(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    at = dice.place(len(data))
    return data[:at] + data[at + 1 + dice.below(dice.pick((4, 64, _LARGEST_BLOCK))) :]


def _double(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    at = dice.place(len(data))
    block = data[at : at + 1 + dice.below(dice.pick((4, 64, _LARGEST_BLOCK)))]
    return data[:at] + block * dice.pick((1, 1, 2, 16)) + data[at:]


def _swap(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    first, second, length = dice.place(len(data)), dice.place(len(data)), 1 + dice.below(64)
    moved = _put(data, first, data[second : second + length])
    return _put(moved, second, data[first : first + length])


def _splice(data: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    other = dice.pick(others)
    if dice.chance(0.5):
        return data[: dice.place(len(data))] + other[dice.place(len(other)) :]
    at = dice.place(len(other))
    return _put(data, dice.place(len(data)), other[at : at + dice.below(_LARGEST_BLOCK)])


BLIND: Final[tuple[Mutation, ...]] = (
    _flip,
    _flip,
    _overwrite,
    _overwrite,
    _noise,
    _cut,
    _remove,
    _double,
    _swap,
    _splice,
)


def _knowing(data: bytes) -> tuple[Mutation, ...]:
    if data.startswith(b"PK"):
        return (_in_archive,)
    if data.lstrip()[:1] == b"<":
        return (_value, _value, _value, _element, _in_base64, _text_number)
    if data.startswith(b"MATLAB 5"):
        return (_in_compressed, _field)
    return (_text_number, _line) if _is_text(data) else (_field, _overwrite)


@lru_cache(64)
def _is_text(data: bytes) -> bool:
    return not data[:2000].translate(None, bytes(range(32, 127)) + b"\t\r\n")


@lru_cache(256)
def _spans(pattern: re.Pattern[bytes], data: bytes, group: int) -> tuple[tuple[int, int], ...]:
    return tuple(match.span(match.lastindex or group) for match in pattern.finditer(data))


def _replaced(data: bytes, dice: Dice, pattern: re.Pattern[bytes], values: Sequence[bytes]) -> bytes:
    spans = _spans(pattern, data, 0)
    if not spans:
        return data
    start, end = spans[dice.place(len(spans))]
    return data[:start] + dice.pick(values) + data[end:]


def _value(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return _replaced(data, dice, _VALUE, NUMBERS)


def _text_number(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    return _replaced(data, dice, _NUMBER, NUMBERS)


def _field(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    """Write another number where one is written, in as many characters."""
    spans = _spans(_FIELD, data, 0)
    if not spans:
        return data
    start, end = spans[dice.place(len(spans))]
    return data[:start] + dice.pick(NUMBERS).ljust(end - start)[: end - start] + data[end:]


def _element(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    """Remove, double or empty an element."""
    spans = [match.span() for match in _ELEMENT.finditer(data)]
    if not spans:
        return data
    start, end = dice.pick(spans)
    whole = data[start:end]
    return data[:start] + dice.pick((b"", whole * 2, whole * 50, whole[: whole.find(b">") + 1] + b"</x>")) + data[end:]


def _line(data: bytes, dice: Dice, _: Sequence[bytes]) -> bytes:
    """Remove, double, move or cut a line."""
    lines = data.split(b"\n")
    at = dice.place(len(lines))
    lines[at : at + 1] = dice.pick(
        ([], [lines[at]] * 2, [lines[at]] * 40, [lines[at][: dice.below(40)]], [dice.pick(lines)])
    )
    return b"\n".join(lines)


def _in_base64(data: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """Damage what is packed as text."""
    spans = [match.span(1) for match in _BASE64.finditer(data)]
    if not spans:
        return data
    start, end = dice.pick(spans)
    try:
        inside = base64.b64decode(data[start:end])
    except binascii.Error:
        return data
    return data[:start] + base64.b64encode(dice.pick(BLIND)(inside, dice, others)) + data[end:]


def _in_archive(data: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """Damage a member of a zip, which then is whole again."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", dice.pick((0, 8))) as target:
            chosen = dice.pick(source.namelist())
            for name in source.namelist():
                inside = source.read(name)
                inside = mutated(inside, dice, others) if name == chosen and not inside.startswith(b"PK") else inside
                target.writestr(dice.pick(("../x.npy", "x")) if dice.chance(0.02) else name, inside)
    except (zipfile.BadZipFile, IndexError):
        return data
    return buffer.getvalue()


def _in_compressed(data: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """Damage what is deflated in a level 5 MAT file."""
    kind, length = struct.unpack_from("<2I", data.ljust(136), 128)
    if kind != 15:
        return _overwrite(data, dice, others)
    try:
        inside = zlib.decompress(data[136 : 136 + length])
    except zlib.error:
        return data
    packed = zlib.compress(dice.pick(BLIND)(inside, dice, others), 1)
    return data[:128] + struct.pack("<2I", 15, len(packed)) + packed + data[136 + length :]


def _put(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]
