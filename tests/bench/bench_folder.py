"""How fast a folder of ECGs goes into the embedded platform, and whether its memory stays flat while it does.

The platform is one process, `einthoven ingest` another, as on a laptop of two cores. EINTHOVEN_BENCH_FILES says how
many files there are; 20,000 take some minutes. The floor is what one bare process reaches that decodes the same files,
hashes them and writes them with their samples.
"""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
import numpy as np
import psutil

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import decode
from services.ingest.formats.base import UploadedFile
from tests.bench.embedded import ROOT, running
from tests.bench.row import Row
from tests.fuzz.samples import WHOLE, microvolts

FILES: Final = int(os.environ.get("EINTHOVEN_BENCH_FILES", "2000"))  # noqa: TID251 the suite's own setting
FORMATS: Final = ("npy", "muse-xml", "ishne", "edf")
"""Self-contained, and quick to write in thousands."""
SAMPLES: Final = 1000
WARM_SHARE: Final = 0.1
FLOOR_FILES: Final = 400
GOAL_MIB: Final = 64.0
DATASET: Final = "folder"


def ingest_folder() -> Row:
    """Send a folder by the command, and look at the memory of the platform after a tenth of it and at the end."""
    with tempfile.TemporaryDirectory(prefix="einthoven-bench-") as name:
        source = Path(name, "files")
        files = make_files(source, FILES)
        floor = bare_rate(files[:FLOOR_FILES], Path(name, "bare"))
        with running() as (process, client):
            watched = _Watched(process, lambda: stored(client))
            started = time.perf_counter()
            send(source, str(client.base_url).removesuffix("/api/v1/"))
            seconds = time.perf_counter() - started
            first, last = watched.close()
            count = stored(client)
    if count != FILES:
        raise RuntimeError(f"{count} of {FILES} files were stored.")
    moved = (last - first) / 2**20
    goal = f"memory +- {GOAL_MIB:g} MiB ({first >> 20} MiB after {int(FILES * WARM_SHARE)}, {last >> 20} after {FILES})"
    return Row(
        "ingest_folder", FILES / seconds, "files/s", goal, abs(moved) <= GOAL_MIB, floor, FILES / seconds / floor
    )


BENCHES: Final = {"ingest_folder": ingest_folder}


def make_files(folder: Path, count: int) -> list[Path]:
    """Write different files of 12 leads x 10 s at 100 Hz, of several formats in turn, a hundred to a folder."""
    files = []
    for number in range(count):
        sample = WHOLE[FORMATS[number % len(FORMATS)]](microvolts(SAMPLES, seed=number))
        place = folder / f"{number // 100:04}" / f"{number:06}-{sample.file.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(sample.file.data)
        files.append(place)
    return files


def bare_rate(files: Sequence[Path], target: Path) -> float:
    """Return the files per second of a loop that decodes, hashes and writes."""
    target.mkdir()
    started = time.perf_counter()
    for file in files:
        data = file.read_bytes()
        decoded = decode(UploadedFile(file.name, data), Declaration(rate_hz=500))
        (target / hashlib.sha256(data).hexdigest()).write_bytes(data)
        np.save(target / f"{file.stem}.npy", decoded.recording.signal)
    return len(files) / (time.perf_counter() - started)


def send(source: Path, url: str) -> None:
    """Run the command on the folder."""
    command = [sys.executable, "-c", "from cli.app import main; main()", "ingest", str(source), "--dataset", DATASET]
    options = ["--sampling-rate-hz", "500", "--url", url, "--json"]
    done = subprocess.run([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The command ended with {done.returncode}.")


def stored(client: httpx.Client) -> int:
    """Return how many records there are."""
    datasets = client.get("/datasets").raise_for_status().json()["items"]
    return sum(int(dataset["records"]) for dataset in datasets)


class _Watched:
    """Takes the memory of a process when a tenth of the files is stored."""

    def __init__(self, process: psutil.Process, count: Callable[[], int]) -> None:
        self._process, self._count = process, count
        self._first = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def close(self) -> tuple[int, int]:
        """Return the bytes after a tenth, and now."""
        self._closed.set()
        self._thread.join()
        return self._first, self._typical()

    def _watch(self) -> None:
        while self._count() < FILES * WARM_SHARE and not self._closed.wait(0.2):
            pass
        self._first = self._typical()

    def _typical(self) -> int:
        samples = []
        for _ in range(10):
            samples.append(self._process.memory_info().rss)
            time.sleep(0.05)
        return int(statistics.median(samples))
