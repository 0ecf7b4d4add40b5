"""XML of strangers as a small tree: nothing is fetched, nothing is expanded, size and depth are bounded.

A DTD is refused as soon as the parser meets its name, before any of it is read. Encodings are settled here, since
devices declare names that no parser knows, or one encoding and write another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from services.shared.errors import TooLarge, UnreadableFile

MAX_ELEMENTS: Final = 200_000
MAX_DEPTH: Final = 64
_HEAD_BYTES: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 16
_ROOT = re.compile(r"<(?:[\w.-]{1,100}:)?([\w.-]{1,100})[\s/>]")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._ -]{1,40})[\"']")
_ISO = re.compile(r"iso[-_ ]?8859[-_ ]?(\d{1,2})")
_SINGLE_BYTE: Final = {"usascii": "ascii", "ascii": "ascii", "latin1": "latin-1"} | {
    f"{prefix}{number}": f"cp{number}" for prefix in ("windows", "cp") for number in range(1250, 1259)
}
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
Doctype = tuple[str, str]
"""The name and the system identifier of a DTD that may be named, though it is never read."""


@dataclass(slots=True)
class Element:
    """One element; its name and the names of its attributes without namespace and in lower case."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without that of its children, stripped."""
        return "".join(self.parts).strip()

    def all(self, *path: str) -> Iterator["Element"]:
        """Return the elements that lie at a path below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def find(self, *path: str) -> "Element | None":
        """Return the first element that lies at a path below this one."""
        return next(self.all(*path), None)

    def text_of(self, *path: str) -> str:
        """Return the text of the first element at a path; "" where there is none."""
        found = self.find(*path)
        return found.text if found else ""

    def attribute_of(self, attribute: str, *path: str) -> str:
        """Return an attribute of the first element at a path, stripped; "" where there is none."""
        found = self.find(*path)
        return found.attributes.get(attribute, "").strip() if found else ""

    def descendants(self, name: str) -> Iterator["Element"]:
        """Return every element of a name below this one, in the order of the file."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)


def root_of(data: bytes) -> str | None:
    """Return the name of the root element in lower case, of the beginning of a file alone; None where it is no XML."""
    head = data[:_HEAD_BYTES]
    if not head.lstrip().startswith((b"<", *(mark for mark, _ in _MARKS))):
        return None
    text = decoded(head)
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        end = _end_of_prolog(text, position)
        if end is None:
            break
        position = end
    match = _ROOT.match(text, position)
    return match[1].lower() if match else None


def parse(data: bytes, what: str, *, doctype: Doctype | None = None) -> Element:
    """Return the root of a document; raises UnreadableFile or TooLarge.

    `what` names the format in sentences for people; `doctype` is the one DTD whose mere name is tolerated.
    """
    return _Tree(what, doctype).parsed(decoded(data))


def _end_of_prolog(text: str, position: int) -> int | None:
    """Return where a comment, an instruction or a DTD that begins at a position ends; None where none begins."""
    for opening, closing in (("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">")):
        if text.startswith(opening, position):
            end = text.find(closing, position)
            subset = text.find("[", position, end) if opening == "<!DOCTYPE" else -1
            if subset >= 0:
                end = text.find(">", max(text.find("]", subset), subset))
            return end + len(closing) if end >= 0 else len(text)
    return None


def decoded(data: bytes) -> str:
    """Return the text of a document: by its first bytes, else as declared where that can be, else UTF-8 or Latin-1."""
    trimmed = data.lstrip(b" \t\r\n")
    for mark, encoding in _MARKS:
        if trimmed.startswith(mark):
            return trimmed.decode(encoding, "replace").lstrip("\ufeff")
    declared = _single_byte(trimmed[:_HEAD_BYTES])
    try:
        return trimmed.decode(declared or "utf-8")
    except UnicodeDecodeError:
        return trimmed.decode("latin-1")


def _single_byte(head: bytes) -> str | None:
    match = _DECLARED.match(head)
    name = match[1].decode("ascii").strip().lower() if match else ""
    iso = _ISO.fullmatch(name)
    if iso:
        return f"iso8859-{int(iso[1])}" if int(iso[1]) in {*range(1, 12), *range(13, 17)} else "latin-1"
    return _SINGLE_BYTE.get(re.sub(r"[-_ ]", "", name))


class _Names(dict[str, str]):
    """Names without their namespace and in lower case; a document repeats a few of them thousands of times."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(":")[2].lower()
        self[name] = local
        return local


class _Tree:
    def __init__(self, what: str, doctype: Doctype | None) -> None:
        self._what, self._doctype = what, doctype
        self._top = Element("", {})
        self._open = [self._top]
        self._count = 0
        self._names = _Names()

    def parsed(self, text: str) -> Element:
        parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, _BUFFER_BYTES
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._dtd
        parser.EntityDeclHandler = parser.ExternalEntityRefHandler = parser.SkippedEntityHandler = self._entity
        try:
            parser.Parse(text, True)  # noqa: FBT003 the parser takes it by position alone
        except (expat.ExpatError, UnicodeEncodeError) as error:
            line = getattr(error, "lineno", 1)
            raise UnreadableFile(
                f"The {self._what} file is damaged or truncated at line {line}; whole, well-formed XML was expected: "
                "export it again."
            ) from None
        return self._top.children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TooLarge(f"The {self._what} file has more than {MAX_ELEMENTS} elements; upload each ECG by itself.")
        if len(self._open) > MAX_DEPTH:
            raise UnreadableFile(f"The {self._what} file nests deeper than {MAX_DEPTH} elements: it is no ECG.")
        names = self._names
        local = {names[key]: value for key, value in attributes.items()} if attributes else attributes
        element = Element(names[name], local, [], [])
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if not text.isspace():
            self._open[-1].parts.append(text)

    def _dtd(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        if has_subset or public or (name, system) != self._doctype:
            raise UnreadableFile(
                f"The {self._what} file brings a DTD, which is never read; remove its DOCTYPE and upload it again."
            )

    def _entity(self, *_: object) -> NoReturn:
        raise UnreadableFile(f"The {self._what} file uses entities, which are never expanded; export it without them.")
