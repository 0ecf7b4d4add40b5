"""The form parser: pieces may fall anywhere, and hostile forms end with a sentence."""

import itertools
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.multipart import MAX_CHUNK_BYTES, Chunk, Field, FileEnd, FileStart, Part, boundary_of, parse
from services.shared.errors import InvalidRequest, PlatformError, TooLarge

TYPE = "multipart/form-data; boundary=b"


def disposition(name: str, file_name: str | None = None) -> bytes:
    file = f'; filename="{file_name}"' if file_name is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()


async def read(body: Sequence[bytes], content_type: str = TYPE, max_field_bytes: int = 100) -> list[Part]:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in body:
            yield piece

    return [part async for part in parse(content_type, pieces(), max_field_bytes=max_field_bytes)]


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


@given(content=st.binary(max_size=300), places=st.lists(st.integers(0, 10_000), max_size=12))
async def test_a_form_reads_the_same_however_it_is_cut(content: bytes, places: list[int]) -> None:
    if b"\r\n--b" in content:
        return
    body = disposition("format") + b"csv\r\n" + disposition("files", "a.csv") + content + b"\r\n--b--\r\n"

    parts = await read(cut(body, places))

    assert parts[:2] == [Field("format", "csv"), FileStart("files", "a.csv")]
    assert b"".join(part.data for part in parts if isinstance(part, Chunk)) == content
    assert parts[-1] == FileEnd()


@given(body=st.binary(max_size=400), places=st.lists(st.integers(0, 10_000), max_size=5))
async def test_noise_ends_with_a_sentence(body: bytes, places: list[int]) -> None:
    with pytest.raises(PlatformError):
        await read(cut(b"--b" + body.replace(b"--b--", b""), places))


async def test_chunks_are_joined_but_never_large() -> None:
    pieces = [b"x" * 1000] * 3000

    parts = await read([disposition("files", "a"), *pieces, b"\r\n--b--\r\n"])

    chunks = [part.data for part in parts if isinstance(part, Chunk)]
    assert sum(map(len, chunks)) == 3_000_000
    assert all(300_000 < len(chunk) <= MAX_CHUNK_BYTES for chunk in chunks)


async def test_one_large_piece_is_split() -> None:
    parts = await read([disposition("files", "a") + b"x" * (5 << 20) + b"\r\n--b--\r\n"])

    assert max(len(part.data) for part in parts if isinstance(part, Chunk)) == MAX_CHUNK_BYTES


@pytest.mark.parametrize(
    ("content_type", "sentence"),
    [
        ("application/json", "multipart/form-data"),
        ("", "multipart/form-data"),
        ("multipart/form-data", "no boundary"),
        ("multipart/mixed; boundary=b", "multipart/form-data"),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        boundary_of(content_type)


async def test_a_boundary_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="256"):
        await read([b""], f"multipart/form-data; boundary={'b' * 300}")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"--b\r\n\r\nx\r\n--b--\r\n", "no Content-Disposition"),
        (b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n", "no name"),
        (b'--b\r\nContent-Disposition: form-data; name=""\r\n\r\nx\r\n--b--\r\n', "no name"),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n' + b"X: y\r\n" * 20 + b"\r\n--b--\r\n", "malformed"),
        (b"--b\r\nX: " + b"y" * 10_000 + b"\r\n\r\n--b--\r\n", "malformed"),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--\r\n', "UTF-8"),
        (disposition("a") + b"\xff\xfe\r\n--b--\r\n", "UTF-8"),
        (disposition("a").replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"--b--", "as they"),
        (b"no form at all", "malformed"),
        (disposition("files", "a") + b"half", "cut off"),
        (b"", "cut off"),
    ],
)
async def test_a_hostile_form_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        await read([body])


async def test_a_field_that_is_too_large_is_refused_before_it_ends() -> None:
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        await read([disposition("manifest") + b"x" * 200])


async def test_what_came_before_a_fault_is_not_lost() -> None:
    body = disposition("files", "a") + b"1\r\n--b\r\n\r\n"
    seen: list[Part] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    async def read_on() -> None:
        async for part in parse(TYPE, pieces(), max_field_bytes=100):
            seen.append(part)  # noqa: PERF401 what was seen before the fault counts

    with pytest.raises(InvalidRequest):
        await read_on()

    assert seen == [FileStart("files", "a"), Chunk(b"1"), FileEnd()]


async def test_folders_stay_with_a_name_unless_they_tell_of_the_sender_s_machine() -> None:
    parts = await read(
        [
            disposition("files", r"C:\\ecg\\a.csv")
            + b"\r\n--b\r\n"
            + disposition("files", "x/y.csv")[5:]
            + b"\r\n--b--\r\n"
        ]
    )

    assert [part.file_name for part in parts if isinstance(part, FileStart)] == ["a.csv", "x/y.csv"]
