"""XML without the person: the document written anew, of whose words only those stay that a format's list names.

What stays is listed, not what goes: an element that nobody thought of is emptied. Comments, instructions and DTDs go.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from services.ingest.decoding.safe_xml import decoded
from services.ingest.decoding.subject import sex
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording

_NUMBERS: Final = re.compile(r"[\s\d.,;:+\-eE]*")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")
_TOKEN: Final = re.compile(r"[\w.:/^%+ -]{0,100}")
_URI: Final = re.compile(r"(?:https?://|urn:)[\w.:/-]{1,100}")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of a format. Names are without namespace and in lower case; "a/b" is a b right below an a."""

    words: frozenset[str]
    """Elements whose short texts stay."""
    numbers_below: frozenset[str]
    """Elements below which texts and attributes that are lists of numbers stay."""
    samples: frozenset[str]
    """Elements of base64."""
    attributes: frozenset[str]
    """`a@x`, or `@x` for that of any element; short texts."""
    attributes_below: dict[str, frozenset[str]] = field(default_factory=dict)
    """Attributes that stay below an element, and on it."""
    sexes: frozenset[str] = frozenset()
    """Elements whose text stays where it is a sex."""
    ages: frozenset[str] = frozenset()
    """Elements that go as a whole, for an age in years is put in their place."""
    age_in: str = ""
    """The element that gets the age, at its end,"""
    age_before: str = ""
    """or before the first of these in it."""
    age: str = ""
    """The age as the format writes it: {p} is the prefix of the namespace, {years} the number."""


def keeping(kept: Kept) -> Callable[[UploadedFile, Recording], UploadedFile]:
    """Return what strips documents of a format down to what stays."""

    def without_person(file: UploadedFile, recording: Recording) -> UploadedFile:
        return UploadedFile(file.name, _Writer(kept, recording.age_years).written(file.data))

    return without_person


class _Writer:
    def __init__(self, kept: Kept, age_years: float | None) -> None:
        self._kept = kept
        self._age = age_years
        self._out: list[str] = [_HEAD]
        self._open: list[str] = [""]
        self._text: list[str] = []
        self._dropped = 0

    def written(self, data: bytes) -> bytes:
        """Return the document as UTF-8."""
        parser = expat.ParserCreate()
        parser.buffer_text, parser.ordered_attributes = True, True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(decoded(data), True)  # noqa: FBT003 the parser takes it by position alone
        return "".join(self._out).encode()

    def _start(self, raw: str, listed: list[str]) -> None:
        self._flush()
        name = _local(raw)
        if self._dropped or {name, f"{self._open[-1]}/{name}"} & self._kept.ages:
            self._dropped += 1
            return
        if name == self._kept.age_before and self._open[-1] == self._kept.age_in:
            self._put_age(raw)
        self._open.append(name)
        pairs = zip(listed[::2], listed[1::2], strict=True)
        stays = [(key, text) for key, value in pairs if (text := self._attribute(key, value))]
        texts = [f" {key}={quoteattr(text)}" for key, text in stays]
        self._out.append(f"<{raw}{''.join(texts)}>")

    def _end(self, raw: str) -> None:
        self._flush()
        if self._dropped:
            self._dropped -= 1
            return
        name = self._open[-1]
        if name == self._kept.age_in:
            self._put_age(raw)
        self._out.append(f"</{raw}>")
        self._open.pop()

    def _put_age(self, raw: str) -> None:
        prefix = raw[: len(raw) - len(raw.rpartition(":")[2])]
        if self._age is not None:
            self._out.append(self._kept.age.format(p=prefix, years=repr(self._age).removesuffix(".0")))
        self._age = None

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text and not self._dropped and (text.isspace() or self._stays(text)):
            self._out.append(escape(text))

    def _stays(self, text: str) -> bool:
        kept, name = self._kept, self._open[-1]
        keys = {name, f"{self._open[-2]}/{name}" if len(self._open) > 1 else name}
        if keys & kept.sexes:
            return sex(text) is not None
        if keys & kept.samples:
            return _BASE64.fullmatch(text) is not None
        if keys & kept.words:
            return _TOKEN.fullmatch(text.strip()) is not None
        return not kept.numbers_below.isdisjoint(self._open) and _NUMBERS.fullmatch(text) is not None

    def _attribute(self, raw: str, value: str) -> str:
        if raw == "xmlns" or raw.startswith("xmlns:"):
            return value if _URI.fullmatch(value) else "urn:removed"
        kept, name, own = self._kept, _local(raw), self._open[-1]
        below = any(name in kept.attributes_below[each] for each in kept.attributes_below.keys() & set(self._open))
        if below or not {f"@{name}", f"{own}@{name}"}.isdisjoint(kept.attributes):
            return value if _TOKEN.fullmatch(value) else ""
        stays = not kept.numbers_below.isdisjoint(self._open) and _NUMBERS.fullmatch(value)
        return value if stays else ""


def _local(raw: str) -> str:
    return raw.rpartition(":")[2].lower()
