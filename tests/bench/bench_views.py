"""Looking at ECGs: how fast median beats are made, and how fast ready views are handed out.

Median beats are compared with the public way of the `rlign` package on LUDB records 1 to 100. Views are asked over REST
of the embedded platform in a process of its own; the floor is a bare FastAPI route that serves the same bytes from a
process of its own, in turns with the platform, because machines drift.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from services.shared.ecg import STANDARD_LEADS, Signal
from services.signal_analysis import alignment
from services.signal_analysis.rhythm import Rhythm
from services.signal_analysis.views import median_beats
from services.signal_analysis.warping import Template, warp
from services.signal_analysis.window import Window
from tests.bench import load, ludb
from tests.bench.embedded import running
from tests.bench.load import Target
from tests.bench.row import Row
from tests.unit.services.ingest.ecgs import npy_of

GOAL_TIMES: Final = 3.0
GOAL_DIFFERENCE_MV: Final = 1e-6
CLIENTS: Final = 64
RECORDS: Final = 8
KINDS: Final = ("raw", "qrs", "median-beats")
"""Views of three sizes, in turn."""
SECONDS: Final = 4.0
ROUNDS: Final = 3
GOAL_RATIO: Final = 0.6
GOAL_P99_TIMES: Final = 5.0
UNHURRIED: Final = {
    "EINTHOVEN_GATEWAY_LIMITS__CALLS_PER_SECOND": "1000000",
    "EINTHOVEN_GATEWAY_LIMITS__BURST": "1000000",
}
"""All clients are the one local user here, whose pace is limited otherwise."""
_FLOOR: Final = Path(__file__).parent / "bare_route.py"


def median_beats_row() -> Row:
    """Measure ECGs per second of one thread against rlign called per record, and the largest difference of the two."""
    from rlign import Rlign  # noqa: PLC0415 its import takes seconds, and other rows need none of it

    windows = [Window(signal, STANDARD_LEADS, ludb.RATE_HZ) for signal in ludb.signals()]
    signals = [signal.astype(np.float64)[None] for signal in ludb.signals()]

    def public(signal: Any) -> object:
        rlign = Rlign(sampling_rate=int(ludb.RATE_HZ), seconds_len=10, num_workers=1, agg_beat="median", silent=False)
        return rlign.transform(signal)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = [(_seconds(median_beats.make, windows), _seconds(public, signals)) for _ in range(ROUNDS)]
        difference = max(map(_difference, ludb.signals()))
    ours, theirs = (len(windows) / min(times) for times in zip(*seconds, strict=True))
    goal = f"ratio >= {GOAL_TIMES:g}, difference <= {GOAL_DIFFERENCE_MV:g} mV ({difference:.1g})"
    holds = ours / theirs >= GOAL_TIMES and difference <= GOAL_DIFFERENCE_MV
    return Row("median_beats", ours, "ECG/s", goal, holds, theirs, ours / theirs)


def _seconds(make: Callable[[Any], object], given: list[Any]) -> float:
    make(given[0])
    started = time.thread_time()
    for each in given:
        make(each)
    return time.thread_time() - started


def _difference(signal: Signal) -> float:
    """Return the largest difference of the warped ECGs, on the R peaks that rlign finds; 0 where it finds too few."""
    from rlign import Rlign  # noqa: PLC0415 see above
    from rlign.utils import find_rpeaks  # noqa: PLC0415 likewise

    window = Window(signal, STANDARD_LEADS, ludb.RATE_HZ)
    rate_hz = int(ludb.RATE_HZ)
    level = alignment.without_baseline(window, Rhythm(usable=tuple(range(len(STANDARD_LEADS)))))
    peaks = find_rpeaks(level[1], rate_hz)
    if peaks is None or len(peaks) < alignment.MIN_BEATS:
        return 0.0
    rlign = Rlign(sampling_rate=rate_hz, seconds_len=10, num_workers=1, remove_fails=True, silent=False)
    theirs = rlign.transform(level[None])
    used = np.asarray(peaks, np.int64)[: len(rlign.template.rpeaks)]
    ours = warp(level, used, Template.of(rate_hz, 10, rlign.template_bpm, len(peaks) * 6), rate_hz)
    return float(np.nanmax(np.abs(theirs[0] - ours)))


def views() -> Row:
    """Measure answers per second to 64 clients at once, and how long they wait who ask once a second each."""
    with running(**UNHURRIED) as (_, client), _bare() as floor:
        paths = _records(client)
        targets = [Target.of(str(client.base_url), path) for path in paths]
        bare = [Target.of(floor, str(number)) for number in range(len(paths))]
        for path, target in zip(paths, bare, strict=True):
            answer = client.get(path).raise_for_status()
            httpx.put(target.url, content=answer.content, trust_env=False).raise_for_status()
        rounds = [asyncio.run(_round(targets, bare)) for _ in range(ROUNDS)]
    rate, floor_rate = (max(each[name] for each in rounds) for name in ("rate", "bare"))
    p99, alone, saturated = (min(each[name] for each in rounds) for name in ("p99", "alone", "saturated"))
    ratio, times = rate / floor_rate, p99 / alone
    goal = (
        f"ratio >= {GOAL_RATIO:g}; p99 of {CLIENTS} asking once a second <= {GOAL_P99_TIMES:g} x that of one alone "
        f"({times:.1f} x {1000 * alone:.1f} ms; saturated {1000 * saturated:.0f} ms)"
    )
    holds = ratio >= GOAL_RATIO and times <= GOAL_P99_TIMES
    return Row("views", rate, "1/s", goal, holds, floor_rate, ratio)


async def _round(targets: list[Target], bare: list[Target]) -> dict[str, float]:
    """Ask the platform and the bare route in turns."""
    floor = await load.saturate(bare, CLIENTS, SECONDS)
    ours = await load.saturate(targets, CLIENTS, SECONDS)
    alone = await load.saturate(targets, 1, SECONDS / 2)
    paced = await load.pace(targets, CLIENTS, SECONDS)
    return {
        "bare": len(floor) / SECONDS,
        "rate": len(ours) / SECONDS,
        "saturated": _p99(ours),
        "alone": _p99(alone),
        "p99": _p99(paced),
    }


def _p99(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 99))


def _records(client: httpx.Client) -> list[str]:
    """Upload ECGs and return the paths of their views."""
    dataset_id = client.post("/datasets", json={"name": "views"}).json()["dataset_id"]
    files = [("files", (f"{number}.npy", npy_of(ludb.signals()[number]))) for number in range(RECORDS)]
    declared = {"sampling_rate_hz": f"{ludb.RATE_HZ:g}"}
    report = client.post(f"/datasets/{dataset_id}/records", data=declared, files=files).json()
    ids = [file["record"]["record_id"] for file in report["files"]]
    return [f"records/{record_id}/views/{kind}" for record_id in ids for kind in KINDS]


@contextlib.contextmanager
def _bare() -> Iterator[str]:
    """Run a bare FastAPI application that serves what is put there, in a process of its own."""
    command = [sys.executable, str(_FLOOR)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait(30)


BENCHES: Final = {"median_beats": median_beats_row, "views": views}
