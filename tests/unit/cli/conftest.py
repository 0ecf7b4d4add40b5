"""A platform that answers as it was told to, over real HTTP on loopback, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.errors import CommandFailed


@dataclass
class Request:
    """What came."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass
class Answer:
    """What goes back."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"

    @classmethod
    def of(cls, document: Any, status: int = 200) -> "Answer":
        """Answer with a JSON document."""
        return cls(json.dumps(document).encode(), status)

    @classmethod
    def problem(cls, status: int, code: str, detail: str, **more: str) -> "Answer":
        """Answer with a problem document."""
        body = json.dumps({"title": code, "status": status, "code": code, "detail": detail, **more}).encode()
        return cls(body, status, "application/problem+json")

    @classmethod
    def lines(cls, *documents: Any) -> "Answer":
        """Answer with newline-delimited JSON."""
        return cls("".join(json.dumps(each) + "\n" for each in documents).encode(), media_type="application/x-ndjson")


@dataclass
class FakePlatform:
    """Answers by method and path; a list of answers is used up one by one, the last one stays."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def on(self, route: str, *answers: Answer) -> None:
        """Set the answers of e.g. "GET /datasets"."""
        self.answers[route] = list(answers)

    def answer(self, request: Request) -> Answer:
        """Return the next answer to a request."""
        self.requests.append(request)
        left = self.answers.get(f"{request.method} {request.path}")
        if not left:
            return Answer.problem(404, "NOT_FOUND", f"There is no {request.method} {request.path}.")
        return left.pop(0) if len(left) > 1 else left[0]

    def asked(self, route: str) -> list[Request]:
        """Return the requests of one route."""
        return [request for request in self.requests if f"{request.method} {request.path}" == route]


def _handler(platform: FakePlatform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _serve(self) -> None:
            path = self.path.removeprefix("/api/v1")
            answer = platform.answer(Request(self.command, path, self.headers, self._body()))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
            """Stay silent."""

    return Handler


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    """A fake platform on a free loopback port."""
    fake = FakePlatform()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake)) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


Command = Callable[..., Result]


@pytest.fixture
def command(platform: FakePlatform) -> Command:
    """Run `einthoven ...` against the fake platform; a failure's sentence is its output."""

    def run(*arguments: object) -> Result:
        environment = {"EINTHOVEN_URL": platform.url, "EINTHOVEN_API_KEY": "key-1", "TERM": "dumb", "COLUMNS": "300"}
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)
        if isinstance(result.exception, CommandFailed):
            result.exit_code = int(result.exception.exit_code)
        return result

    return run
