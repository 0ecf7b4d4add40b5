"""How fast ECGs come in through the gateway, and whether memory stays flat while they do.

The gateway and ingest run as processes of their own on a folder and SQLite; eight clients upload from a third. The
floor is what two bare processes reach that do nothing but parse the same files with pandas and write them as .npy.
"""

import contextlib
import multiprocessing
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pandas as pd
import psutil

from services.shared.ecg import STANDARD_LEADS
from tests.bench.row import Row
from tests.servers import free_port

FILES: Final = 2000
FLOOR_FILES: Final = 400
FILES_PER_REQUEST: Final = 25
CLIENTS: Final = 8
RATE_HZ: Final = 500
WARM_FILES: Final = 100
START_SECONDS: Final = 120.0
GOAL_RATE: Final = 250.0
GOAL_RATIO: Final = 0.5
GOAL_MIB: Final = 64.0
ROOT: Final = Path(__file__).parents[2]
_BOUNDARY: Final = "einthoven-bench"


def ingest_csv() -> Row:
    """Measure uploads per second against the bare loop, and how far memory moves from the 100th file on."""
    with tempfile.TemporaryDirectory(prefix="einthoven-bench-") as name:
        folder = Path(name)
        files = make_files(folder / "csv", FILES)
        before = bare_rate(files[:FLOOR_FILES], folder / "before")
        value, moved_mib = platform_rate(files, folder)
        floor = (before + bare_rate(files[:FLOOR_FILES], folder / "after")) / 2
    ratio = value / floor
    fast = value >= GOAL_RATE or ratio >= GOAL_RATIO
    goal = f">= {GOAL_RATE:g} ECG/s or ratio >= {GOAL_RATIO}, memory +- {GOAL_MIB:g} MiB (moved {moved_mib:.0f})"
    return Row("ingest_csv", value, "ECG/s", goal, fast and moved_mib <= GOAL_MIB, floor, ratio)


BENCHES: Final = {"ingest_csv": ingest_csv}


def make_files(folder: Path, count: int) -> list[Path]:
    """Write `count` different CSV files of 12 leads x 5000 samples, about 500 kB each."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    header = ",".join(STANDARD_LEADS)
    tail = "\n".join(",".join(f"{value:.5f}" for value in row) for row in _walk(rng))
    files = []
    for number in range(count):
        first = ",".join(f"{value:.5f}" for value in rng.normal(0, 1, len(STANDARD_LEADS)))
        files.append(folder / f"ecg-{number:05}.csv")
        files[-1].write_text(f"{header}\n{first}\n{tail}\n", encoding="ascii")
    return files


def _walk(rng: np.random.Generator) -> Any:
    return np.cumsum(rng.normal(0, 0.02, (10 * RATE_HZ - 1, len(STANDARD_LEADS))), axis=0)


def bare_rate(files: Sequence[Path], folder: Path) -> float:
    """Return the files per second of two processes that parse with pandas and write .npy."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(3, timeout=START_SECONDS), context.Barrier(3, timeout=START_SECONDS)
    workers = [context.Process(target=_bare, args=(files[half::2], folder / str(half), ready, go)) for half in (0, 1)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    go.wait()
    for worker in workers:
        worker.join()
    return len(files) / (time.perf_counter() - started)


def _bare(files: Sequence[Path], target: Path, ready: Any, go: Any) -> None:
    target.mkdir(parents=True)
    pd.read_csv(files[0])
    ready.wait()
    go.wait()
    for file in files:
        np.save(target / f"{file.stem}.npy", pd.read_csv(file).to_numpy(np.float32))


def platform_rate(files: Sequence[Path], folder: Path) -> tuple[float, float]:
    """Return the files per second through the gateway, and by how many MiB the memory of both moved."""
    with platform(folder) as (port, processes):
        url = f"http://127.0.0.1:{port}/api/v1/datasets"
        dataset_id = httpx.post(url, json={"name": "bench"}, trust_env=False).json()["dataset_id"]
        context = multiprocessing.get_context("spawn")
        stored = context.Value("i", 0)
        ready = context.Event()
        path = f"/api/v1/datasets/{dataset_id}/records"
        client = context.Process(target=upload_all, args=(files, port, path, stored, ready))
        client.start()
        ready.wait()
        started = time.perf_counter()
        watched = _Memory(processes, stored)
        client.join()
        seconds = time.perf_counter() - started
        watched.close()
        if stored.value != len(files):
            raise RuntimeError(f"{stored.value} of {len(files)} files were stored.")
    return len(files) / seconds, watched.moved_mib


class _Memory:
    """Watches how far the memory of each process moves once the first files are stored."""

    def __init__(self, processes: Sequence[psutil.Process], stored: Any) -> None:
        self.moved_mib = 0.0
        self._processes = processes
        self._stored = stored
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while self._stored.value < WARM_FILES and not self._closed.wait(0.02):
            pass
        first = self._typical()
        while not self._closed.is_set():
            moved = max(abs(one - other) for one, other in zip(self._typical(), first, strict=True))
            self.moved_mib = max(self.moved_mib, moved / 2**20)

    def _typical(self) -> list[float]:
        """Return the median of each over half a second: what grows stays, what a file needs comes and goes."""
        samples: list[list[int]] = []
        for _ in range(10):
            samples.append([process.memory_info().rss for process in self._processes])
            self._closed.wait(0.05)
        return [statistics.median(values) for values in zip(*samples, strict=True)]


def upload_all(files: Sequence[Path], port: int, path: str, stored: Any, ready: Any) -> None:
    """Upload every file from eight threads and count those that were stored."""
    threads = [
        threading.Thread(target=_upload, args=(files[first::CLIENTS], port, path, stored)) for first in range(CLIENTS)
    ]
    ready.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _upload(files: Sequence[Path], port: int, path: str, stored: Any) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    for first in range(0, len(files), FILES_PER_REQUEST):
        batch = files[first : first + FILES_PER_REQUEST]
        _send(connection, path, batch)
        answer = connection.getresponse()
        for line in answer:
            if b'"outcome":"stored' in line:
                with stored.get_lock():
                    stored.value += 1
    connection.close()


def _send(connection: HTTPConnection, path: str, files: Sequence[Path]) -> None:
    """Send a form from disk; the kernel copies, so that the client leaves the processors to the platform."""
    field = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="sampling_rate_hz"\r\n\r\n{RATE_HZ}\r\n'.encode()
    start = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="'
    heads = [f'{start}{file.name}"\r\n\r\n'.encode() for file in files]
    end = f"--{_BOUNDARY}--\r\n".encode()
    size = len(field) + sum(len(head) + file.stat().st_size + 2 for head, file in zip(heads, files, strict=True))
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
    connection.putheader("Content-Length", str(size + len(end)))
    connection.putheader("Accept", "application/x-ndjson")
    connection.endheaders(field)
    for head, file in zip(heads, files, strict=True):
        connection.send(head)
        with file.open("rb") as source:
            connection.sock.sendfile(source)
        connection.send(b"\r\n")
    connection.send(end)


@contextlib.contextmanager
def platform(folder: Path) -> Iterator[tuple[int, list[psutil.Process]]]:
    """Run ingest and the gateway as two processes; yield the gateway's port and both of them."""
    rpc, http = free_port(), free_port()
    shared = {"IDENTITY__SECRET": secrets.token_hex(32), "TELEMETRY__LOG_LEVEL": "warning"}
    storage = {"STORAGE__FOLDER": str(folder / "objects"), "DATABASE__URL": f"sqlite:///{folder}/ingest.db"}
    names = ("INGEST", "SIGNAL_ANALYSIS", "INFERENCE", "TRAINER", "EXCHANGE")
    peers = {f"PEERS__{name}_ADDRESS": f"127.0.0.1:{rpc}" for name in names}
    door = {"PORT": str(http), "DATABASE__URL": f"sqlite:///{folder}/gateway.db", **peers}
    with (
        _running("services.ingest", "INGEST", shared | storage | {"RPC__PORT": str(rpc)}, rpc) as ingest,
        _running("gateway", "GATEWAY", shared | door, http) as gateway,
    ):
        _wait_until_ready(http)
        yield http, [psutil.Process(ingest.pid), psutil.Process(gateway.pid)]


@contextlib.contextmanager
def _running(module: str, prefix: str, settings: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {f"EINTHOVEN_{prefix}_{key}": value for key, value in settings.items()}
    environment["PYTHONPATH"] = f"{ROOT}:{ROOT}/proto/gen"
    process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment)
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(port: int) -> None:
    """Wait until the gateway takes calls, which it says some time after it listens."""
    for _ in range(600):
        if (
            httpx.get(f"http://127.0.0.1:{port}/api/v1/datasets", trust_env=False, timeout=30).status_code
            == httpx.codes.OK
        ):
            return
        time.sleep(0.1)
    raise RuntimeError("The gateway does not become ready.")


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            raise RuntimeError("A process of the platform did not start.")
        time.sleep(0.1)
    raise RuntimeError("A process of the platform does not answer.")
