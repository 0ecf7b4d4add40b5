"""A platform in one process with narrow limits on a small disk, and what its answers to bad input must be."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms import embedded
from tests.servers import data_folder, running

MEBIBYTE = 1 << 20
DISK_BYTES = 96 * MEBIBYTE
INGEST_BYTES = MEBIBYTE
"""The most that ingest takes of a file."""
GATEWAY_BYTES = 2 * MEBIBYTE
"""The most that the gateway lets through of a file or a model."""
JSON_BYTES = MEBIBYTE
SETTINGS = {
    "EINTHOVEN_INGEST_LIMITS__MAX_FILE_BYTES": str(INGEST_BYTES),
    "EINTHOVEN_INGEST_SWEEP_SECONDS": "0.5",
    "EINTHOVEN_GATEWAY_LIMITS__MAX_UPLOAD_BYTES": str(GATEWAY_BYTES),
    "EINTHOVEN_GATEWAY_LIMITS__MAX_MODEL_BYTES": str(GATEWAY_BYTES),
    "EINTHOVEN_GATEWAY_LIMITS__MAX_LABELS_BYTES": str(JSON_BYTES),
    "EINTHOVEN_GATEWAY_LIMITS__MAX_JSON_BYTES": str(JSON_BYTES),
}
PROBLEM = "application/problem+json"
_SENTENCE = re.compile(r"[\w'\"].{15,}[.:]?", re.DOTALL)
_CODE_LEAKS = ("Traceback", 'File "', ".py", "Error(", "Exception", "object at 0x", "site-packages", "errno")
_PATIENCE_SECONDS = 10.0

Json = dict[str, Any]


@dataclass(frozen=True)
class Cramped:
    """The platform, where it keeps its data, and its log."""

    client: httpx.Client
    data: Path
    log: Path
    is_small: bool
    """Whether the data lie on a disk of their own that can be filled."""

    def dataset(self, name: str) -> str:
        """Make a dataset and return its identifier."""
        answer = self.client.post("/datasets", json={"name": name})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["dataset_id"])

    def upload(self, dataset_id: str, files: dict[str, bytes], **declared: str) -> list[Json]:
        """Upload files and return the lines of the report."""
        parts = [("files", each) for each in files.items()]
        fields = {"sampling_rate_hz": "500"} | declared
        answer = self.client.post(f"/datasets/{dataset_id}/records", data=fields, files=parts)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["files"])

    def names(self, dataset_id: str) -> list[str]:
        """Return the names of the files that are records."""
        items = self.client.get(f"/datasets/{dataset_id}/records").json()["items"]
        return sorted(item["file_name"] for item in items)

    def objects(self) -> set[str]:
        """Return every file below the object store, half-written ones included."""
        root = self.data / "objects"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    @contextlib.contextmanager
    def full(self, *, but_for_bytes: int = 0) -> Iterator[None]:
        """Leave this much on the disk while the block runs."""
        if not self.is_small:
            pytest.skip("A small disk can be mounted by root only; as root this is tested.")
        ballast = self.data / "ballast"
        try:
            _fill(ballast, but_for_bytes)
            yield
        finally:
            ballast.unlink()


@contextlib.contextmanager
def cramped() -> Iterator[Cramped]:
    """Run such a platform."""
    with data_folder("cramped") as folder, _disk(folder / "data") as is_small:
        server = embedded(folder, **SETTINGS)
        with (
            running(server),
            httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=60) as client,
        ):
            yield Cramped(client, folder / "data", server.log, is_small)


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """Assert that an answer is a problem for people, and return its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    return sentence(document["detail"])


def sentence(detail: str) -> str:
    """Assert that a text was written for callers, and return it."""
    assert _SENTENCE.fullmatch(detail), detail
    assert not any(leak in detail for leak in _CODE_LEAKS), detail
    return detail


def eventually(holds: Callable[[], bool]) -> bool:
    """Say whether something that happens after an answer comes true."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _fill(ballast: Path, but_for_bytes: int) -> None:
    with ballast.open("wb", buffering=0) as file:
        free = os.statvfs(ballast).f_bavail * os.statvfs(ballast).f_frsize
        with contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(free - but_for_bytes, 1))
        if not but_for_bytes:
            with contextlib.suppress(OSError):
                while True:
                    file.seek(0, os.SEEK_END)
                    file.write(b"\0" * 4096)


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[bool]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 as mount
