"""The platform as the command sees it: REST calls whose refusals become one sentence and an exit code."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import httpx

from cli.errors import CommandFailed, ExitCode
from cli.settings import Connection

API: Final = "/api/v1"
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 600.0
"""A large upload or prediction may be silent for this long."""
PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""How long to wait before what a platform was away for is asked or sent again."""

Json = dict[str, Any]
Parts = Iterable[tuple[str, tuple[str, BinaryIO, str]]]
_AWAY: Final = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class Refused(CommandFailed):
    """The platform answered with a problem; `code` is its stable name."""

    def __init__(self, sentence: str, exit_code: ExitCode, code: str) -> None:
        super().__init__(sentence, exit_code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event of a training."""

    sequence: str
    kind: str
    payload: Json


class Platform:
    """One connection to a platform; use it as a context manager."""

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self._url = connection.url
        self._client = httpx.Client(
            base_url=connection.url.rstrip("/") + API,
            headers=connection.headers(),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    def get(self, path: str, **parameters: str) -> Json:
        """Return one resource; a platform that is away for a moment is asked again."""
        return self._patiently("GET", path, params=parameters)

    def ask(self, path: str, body: Json) -> Json:
        """Post a question, which changes nothing; a platform that is away for a moment is asked again."""
        return self._patiently("POST", path, json=body)

    def post(self, path: str, body: Json | None = None) -> Json:
        """Post a JSON body and return the answer."""
        return self._document("POST", path, json=body)

    def delete(self, path: str) -> Json:
        """Delete or cancel one resource."""
        return self._document("DELETE", path)

    def put_csv(self, path: str, content: Iterable[bytes]) -> Json:
        """Put a CSV, streamed."""
        return self._document("PUT", path, content=content, headers={"Content-Type": "text/csv"})

    def post_files(self, path: str, fields: Mapping[str, str], files: Parts) -> Json:
        """Post files as multipart, streamed from disk, the fields before them."""
        return self._document("POST", path, data=fields, files=list(files))

    def items(self, path: str) -> Iterator[Json]:
        """Walk through every page of a list."""
        parameters: dict[str, str] = {}
        while True:
            page = self.get(path, **parameters)
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            parameters = {"cursor": page["next_cursor"]}

    def lines(self, path: str, **request: Any) -> Iterator[Json]:
        """Post and yield the lines of the newline-delimited JSON answer as they come."""
        with self._streamed("POST", path, headers={"Accept": "application/x-ndjson"}, **request) as response:
            for line in response.iter_lines():
                if line.strip():
                    yield _sound(json.loads(line))

    def events(self, path: str, after: str) -> Iterator[Event]:
        """Yield the server-sent events that follow the one numbered `after`; empty takes all."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        with self._streamed("GET", path, headers=headers) as response:
            for event in _parsed_events(response.iter_lines()):
                if event.kind == "problem":
                    raise _refusal(event.payload, HTTPStatus.INTERNAL_SERVER_ERROR)
                yield event

    def download(self, path: str, target: BinaryIO) -> None:
        """Write a file's bytes to `target` as they come."""
        with self._streamed("GET", path) as response:
            target.writelines(response.iter_bytes())

    def _patiently(self, method: str, path: str, **request: Any) -> Json:
        for pause in PAUSES_SECONDS:
            try:
                return self._document(method, path, **request)
            except Refused as error:
                if error.exit_code is not ExitCode.UNREACHABLE:
                    raise
            time.sleep(pause)
        return self._document(method, path, **request)

    def _document(self, method: str, path: str, **request: Any) -> Json:
        with self._translated():
            response = self._client.request(method, path, **request)
        _check(response)
        return dict(response.json()) if response.content else {}

    @contextmanager
    def _streamed(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        with self._translated(), self._client.stream(method, path, **request) as response:
            if response.is_error:
                response.read()
            _check(response)
            yield response

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CommandFailed(
                f"No platform answers at {self._url} ({error}). Start one by `einthoven up` or name another by --url.",
                ExitCode.UNREACHABLE,
            ) from error
        except httpx.TransportError as error:
            raise CommandFailed(
                f"The connection to {self._url} was lost ({str(error) or type(error).__name__}). Try again.",
                ExitCode.UNREACHABLE,
            ) from error


def _check(response: httpx.Response) -> None:
    """Raise what a problem document says, in one sentence."""
    if not response.is_success:
        raise _refusal(_problem(response), response.status_code)


def _sound(line: Json) -> Json:
    """Return a line of an answer; a failure after the first line comes as a last line of its own."""
    if "problem" in line:
        raise _refusal(line["problem"], HTTPStatus.INTERNAL_SERVER_ERROR)
    return line


def _refusal(problem: Json, status: int) -> Refused:
    status = int(problem.get("status", status))
    code = str(problem.get("code", status))
    detail = problem.get("detail") or problem.get("title") or f"The platform answered {status}."
    quoted = f" Quote {problem['error_id']} when you report it." if problem.get("error_id") else ""
    return Refused(f"{detail} [{code}]{quoted}", _exit_code(status), code)


def _problem(response: httpx.Response) -> Json:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    answer = response.json()
    return answer if isinstance(answer, dict) else {}


def _exit_code(status: int) -> ExitCode:
    if status in _AWAY:
        return ExitCode.UNREACHABLE
    if status < HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.INSUFFICIENT_STORAGE:
        return ExitCode.REFUSED
    return ExitCode.FAULT


def _parsed_events(lines: Iterable[str]) -> Iterator[Event]:
    """Parse a text/event-stream (WHATWG HTML, 9.2); comments and unknown fields are skipped."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            payload = json.loads("\n".join(fields["data"]))
            yield Event(fields.get("id", [""])[-1], fields.get("event", ["message"])[-1], payload)
        fields = {}
