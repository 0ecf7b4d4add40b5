"""XML of strangers as a small tree: nothing is fetched, nothing is expanded, size and depth are bounded.

A DTD is refused as soon as the parser meets its name, before any of it is read. Encodings are settled here, since
devices declare names that no parser knows, or one encoding and write another. Line ends are read as spaces: no value
of an ECG needs them, and they double the time of parsing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NoReturn
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError, XMLParser
from xml.parsers import expat

from services.shared.errors import TooLarge, UnreadableFile

MAX_CHARACTERS: Final = 24 << 20
"""Twenty minutes of twelve leads; more takes longer than anybody should wait for."""
MAX_ELEMENTS: Final = 100_000
MAX_ATTRIBUTES: Final = 200_000
MAX_DEPTH: Final = 64
_PROLOGS: Final = (1 << 12, 1 << 20)
"""How much is searched for the root element: what most files need, and what the others may need."""
_HEAD_BYTES: Final = 1 << 16
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
_PREFIX = re.compile(r"(</?|\s)[A-Za-z_][\w.-]{0,100}:(?=[A-Za-z_])")
_UNBOUND_PREFIX: Final = 27
_MAX_PIECE: Final = 4 << 20
Doctype = tuple[str, str]
"""The name and the system identifier of a DTD that may be named, though it is never read."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element; its name and the names of its attributes without namespace and in lower case."""

    _node: Node

    @classmethod
    def none(cls) -> "Element":
        """Return what stands for an element that is not there: without text, attributes and children."""
        return cls(Node(""))

    @property
    def name(self) -> str:
        """Its name."""
        return self._node.tag

    @property
    def text(self) -> str:
        """Its own text, without that of its children, stripped."""
        node = self._node
        own = node.text or ""
        return (own + "".join(child.tail or "" for child in node) if len(node) else own).strip()

    def attribute(self, name: str) -> str:
        """Return an attribute, stripped; "" where there is none."""
        value = self._node.get(name)
        if value is None:
            value = next((text for key, text in self._node.items() if _local(key) == name), "")
        return value.strip()

    def all(self, *path: str) -> Iterator["Element"]:
        """Return the elements that lie at a path below this one."""
        nodes = [self._node]
        for name in path:
            nodes = [child for node in nodes for child in node.findall(name)]
        return map(Element, nodes)

    def find(self, *path: str) -> "Element | None":
        """Return the first element that lies at a path below this one."""
        node: Node | None = self._node
        for name in path:
            node = node.find(name) if node is not None else None
        return Element(node) if node is not None else next(self.all(*path), None)

    def at(self, *path: str) -> "Element":
        """Return the first element at a path, or what stands for none."""
        return self.find(*path) or Element.none()

    def text_of(self, *path: str) -> str:
        """Return the text of the first element at a path; "" where there is none."""
        found = self.find(*path)
        return found.text if found else ""

    def attribute_of(self, attribute: str, *path: str) -> str:
        """Return an attribute of the first element at a path, stripped; "" where there is none."""
        found = self.find(*path)
        return found.attribute(attribute) if found else ""

    def descendants(self, name: str) -> Iterator["Element"]:
        """Return every element of a name below this one, in the order of the file."""
        return (Element(node) for node in self._node.iter(name) if node is not self._node)


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
    lines = decoded(data)
    text = lines.replace("\n", " ").replace("\r", " ")
    _check_size(text, what)
    try:
        _Prolog(what, doctype).check(text)
        root = _tree(text)
    except (ParseError, expat.ExpatError, UnicodeEncodeError) as error:
        line = 1 + lines.count("\n", 0, getattr(error, "offset", None) or 0)
        raise UnreadableFile(
            f"The {what} file is damaged or truncated at line {line}; whole, well-formed XML without entities was "
            "expected: export it again."
        ) from None
    _check_shape(root, what)
    names = _Names()
    for node in root.iter():
        node.tag = names[node.tag]
    return Element(root)


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
        local = _local(name)
        self[name] = local
        return local


def _local(name: str) -> str:
    return name.rpartition("}")[2].lower()


def _tree(text: str) -> Node:
    try:
        return _parsed(text)
    except ParseError as error:
        if error.code != _UNBOUND_PREFIX or len(text) > _MAX_PIECE:
            raise
    return _parsed(_PREFIX.sub(r"\1", text))  # a piece cut from a larger document, without its namespaces


def _parsed(text: str) -> Node:
    parser = XMLParser()  # noqa: S314 no DTD, hence no entity, and its size is bounded
    try:
        parser.feed(text)
        return parser.close()
    except ParseError as error:
        error.offset = error.position[1]
        raise


def _check_size(text: str, what: str) -> None:
    """Bound what the parser would build; a text too short for so much is not searched."""
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(
            f"The {what} file has more than {MAX_CHARACTERS >> 20} million characters; export a shorter part of the "
            "recording, or all of it in a binary format such as DICOM or ISHNE."
        )
    if len(text) > 3 * MAX_ELEMENTS and text.count("<") > 2 * MAX_ELEMENTS:
        raise _too_many(what)
    if len(text) > MAX_ATTRIBUTES * len("a=''") and text.count("=") > MAX_ATTRIBUTES:
        raise TooLarge(f"The {what} file has more than {MAX_ATTRIBUTES} attributes; upload each ECG by itself.")


def _check_shape(root: Node, what: str) -> None:
    level, count, depth = [root], 0, 0
    while level:
        count, depth = count + len(level), depth + 1
        if depth > MAX_DEPTH:
            raise UnreadableFile(f"The {what} file nests deeper than {MAX_DEPTH} elements: it is no ECG.")
        level = list(chain.from_iterable(level))
    if count > MAX_ELEMENTS:
        raise _too_many(what)


class _Begun(Exception):
    """The prolog is over."""


class _Prolog:
    """What stands before the root element: the only place where a DTD may be, and with it any entity."""

    def __init__(self, what: str, doctype: Doctype | None) -> None:
        self._what, self._doctype = what, doctype

    def check(self, text: str) -> None:
        for most in _PROLOGS:
            parser = expat.ParserCreate()
            parser.StartElementHandler = self._root
            parser.StartDoctypeDeclHandler = self._dtd
            try:
                parser.Parse(text[:most], len(text) <= most)
            except _Begun:
                return
        raise UnreadableFile(f"The {self._what} file has no root element within its first MiB: it is no ECG.")

    def _root(self, *_: object) -> NoReturn:
        raise _Begun

    def _dtd(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        if has_subset or public or (name, system) != self._doctype:
            raise UnreadableFile(
                f"The {self._what} file brings a DTD, which is never read; remove its DOCTYPE and upload it again."
            )


def _too_many(what: str) -> TooLarge:
    return TooLarge(f"The {what} file has more than {MAX_ELEMENTS} elements; upload each ECG by itself.")
