import pytest

from services.ingest.decoding import safe_xml
from services.ingest.decoding.safe_xml import parse, root_of
from services.shared.errors import TooLarge, UnreadableFile

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE a SYSTEM "http://somewhere/a.dtd"><a/>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a PUBLIC "-//A//B" "a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://somewhere/b"> %b;]><a/>',
        '<!DOCTYPE Known SYSTEM "known.dtd" [<!ENTITY b "c">]><Known>&b;</Known>',
        "<!DOCTYPE a><a/>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_dtd_is_refused(text: str, encoding: str) -> None:
    with pytest.raises(UnreadableFile, match="DTD, which is never read"):
        parse(text.encode(encoding), "XML", doctype=("Known", "known.dtd"))


def test_a_dtd_that_every_file_of_a_format_names_is_tolerated_and_its_entities_are_not() -> None:
    head = b'<!DOCTYPE Known SYSTEM "known.dtd">'

    assert parse(head + b"<Known>x</Known>", "XML", doctype=("Known", "known.dtd")).text == "x"
    with pytest.raises(UnreadableFile, match=r"entities|damaged"):
        parse(head + b"<Known>&from_there;</Known>", "XML", doctype=("Known", "known.dtd"))


def test_an_entity_that_is_nowhere_declared_is_damage() -> None:
    with pytest.raises(UnreadableFile, match="damaged or truncated at line 1"):
        parse(b"<a>&b;</a>", "XML")
    assert parse(b"<a>&lt;&#65;</a>", "XML").text == "<A"


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-8", "utf-8"),
        ("ISO8859-1", "latin-1"),
        ("iso-8859-15", "iso8859-15"),
        ("windows-1252", "cp1252"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
        ("UTF-16", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-8", "latin-1"),
        ("no-such-thing", "utf-8"),
        ("rot13", "utf-8"),
    ],
)
def test_what_was_written_is_read_whatever_is_declared(declared: str, written: str) -> None:
    data = f'<?xml version="1.0" encoding="{declared}"?>\n<a b="c">ü</a>'.encode(written)

    assert (root_of(data), parse(data, "XML").text) == ("a", "ü")


def test_the_root_is_found_behind_comments_and_a_dtd() -> None:
    assert root_of(b"\n<?xml version='1.0'?><!-- <b/> --><!-- c -->\n<n:Root x='1'>") == "root"
    assert root_of(BOMB.encode()) == "a"
    for other in (b"", b"<", b"<!-- never ends", b"a,b\n1,2", b"<?xml", b"\xff\xfe", b"<!DOCTYPE a [", b"<<<<"):
        assert root_of(other) is None


def test_names_are_free_of_namespaces_and_case() -> None:
    root = parse(b'<n:A xmlns:n="u"><n:B C="1"> x <!-- y --> z <d/></n:B><B>2</B></n:A>', "XML")

    assert [found.attribute("c") for found in root.all("b")] == ["1", ""]
    assert root.text_of("b") == "x  z"
    assert (root.attribute_of("c", "b"), root.text_of("nowhere"), root.attribute_of("c", "nowhere")) == ("1", "", "")
    assert [found.name for found in root.descendants("d")] == ["d"]


def test_depth_and_number_of_elements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFile, match="nests deeper than 64"):
        parse(b"<a>" * 100_000 + b"</a>" * 100_000, "XML")
    monkeypatch.setattr(safe_xml, "MAX_ELEMENTS", 10)
    with pytest.raises(TooLarge, match="more than 10 elements"):
        parse(b"<a>" + b"<b/>" * 10 + b"</a>", "XML")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<a " + b" ".join(b"b%d=''" % number for number in range(200_001)) + b"/>", "more than 200000 attributes"),
        (b"<a>" + b" " * (25 << 20) + b"</a>", "more than 24 million characters"),
        (b"<a>" + b"<b/>" * 400_000 + b"</a>", "more than 100000 elements"),
        (b"<a>" + b"<b></b>" * 100_000 + b"</a>", "more than 100000 elements"),
    ],
)
def test_what_would_take_long_is_refused_before_it_is_parsed(data: bytes, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        parse(data, "XML")


def test_a_root_that_never_comes_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no root element within its first MiB"):
        parse(b"<!--" + b"x" * (2 << 20) + b"--><a/>", "XML")
    assert parse(b"<!--" + b"x" * (1 << 19) + b"--><a/>", "XML").name == "a"


def test_line_ends_are_spaces_and_a_prefix_may_be_unbound() -> None:
    assert parse(b"<a>1\n2\r\n3</a>", "XML").text == "1 2  3"
    assert parse(b'<x:a y:b="1">2<x:c/></x:a>', "XML").attribute("b") == "1"


def test_what_is_not_there_is_empty() -> None:
    nothing = parse(b"<a/>", "XML").at("b", "c")

    assert (nothing.text, nothing.attribute("d"), list(nothing.all("e"))) == ("", "", [])
    assert parse(b"<a><b/><b><c>1</c></b></a>", "XML").text_of("b", "c") == "1"


@pytest.mark.parametrize("data", [b"<a>", b"<a></b>", b"<a/><b/>", b"<a>\0</a>", b"<a b=1/>", b"\xff\xfe<"])
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="damaged or truncated"):
        parse(data, "XML")
