"""A constant load on a platform: uploads, predictions and views, each call's outcome and all that was acknowledged.

No call is tried again: whatever is not a success with the answer that was asked for counts as failed.
"""

import io
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import httpx
import numpy as np

from tests.cluster.ledger import Json, Ledger, signal_digest

LEADS: Final = 12
RATE_HZ: Final = 100
SAMPLES: Final = 1000
FILES_PER_UPLOAD: Final = 2
CALL_SECONDS: Final = 60.0
STOP_SECONDS: Final = 90.0
AFTER_FAILURE_SECONDS: Final = 0.2
STORED: Final = {"stored", "stored_with_warnings", "duplicate"}
"""A new ECG is its own duplicate where the platform went on with an upload that a lost replica had stored already."""


class Failed(Exception):
    """A call was answered, but not with what was asked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call."""

    kind: str
    at: float
    """When it was made, in seconds from the load's start."""
    seconds: float
    failure: str | None


@dataclass(frozen=True)
class Target:
    """Where the load goes."""

    url: str
    api_key: str | None
    dataset_id: str
    model: str
    """Name of a model in the store."""

    def client(self) -> httpx.Client:
        """Return a client with connections of its own, kept alive as those of real clients are."""
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=CALL_SECONDS, trust_env=False)


@dataclass
class Worker:
    """One client that makes one kind of call again and again."""

    client: httpx.Client
    target: Target
    ledger: Ledger
    rng: np.random.Generator
    number: "itertools.count[int]" = field(default_factory=itertools.count)

    def ecg(self) -> tuple[str, bytes, str]:
        """Return a new ECG: its file's name, its bytes and its digest."""
        signal = np.cumsum(self.rng.normal(0, 0.02, (LEADS, SAMPLES)), axis=1).astype(np.float32)
        buffer = io.BytesIO()
        np.save(buffer, signal)
        return f"{self.rng.integers(1 << 62):016x}-{next(self.number)}.npy", buffer.getvalue(), signal_digest(signal)


Call = Callable[[Worker], None]


def upload(worker: Worker) -> None:
    """Upload some new ECGs; each is acknowledged by its own line of the answer."""
    ecgs = {name: (content, digest) for name, content, digest in (worker.ecg() for _ in range(FILES_PER_UPLOAD))}
    parts = [("files", (name, content, "application/octet-stream")) for name, (content, _) in ecgs.items()]
    path = f"/datasets/{worker.target.dataset_id}/records"
    fields, headers = {"sampling_rate_hz": str(RATE_HZ)}, {"Accept": "application/x-ndjson"}
    with worker.client.stream("POST", path, headers=headers, data=fields, files=parts) as answer:
        for line in _lines(answer):
            if line.get("outcome") not in STORED:
                raise Failed(f"an upload's line was {line}")
            worker.ledger.add_record(line["record"]["record_id"], ecgs.pop(line["file_name"])[1])
    if ecgs:
        raise Failed(f"nothing was said of {len(ecgs)} uploaded files")


def predict(worker: Worker) -> None:
    """Ask for predictions of some stored records."""
    known = worker.ledger.some_records()
    wanted = [known[index] for index in worker.rng.integers(len(known), size=min(2, len(known)))]
    asked = {"model": {"name": worker.target.model}, "record_ids": wanted}
    _check_predictions(_document(worker.client.post("/predictions", json=asked)), len(wanted))


def predict_file(worker: Worker) -> None:
    """Ask for the prediction of a file that is not stored."""
    name, content, _ = worker.ecg()
    fields = {"model": worker.target.model, "sampling_rate_hz": str(RATE_HZ)}
    answer = worker.client.post("/predictions", data=fields, files={"file": (name, content)})
    _check_predictions(_document(answer), 1)


def view(worker: Worker) -> None:
    """Look at a stored record."""
    known = worker.ledger.some_records()
    record_id = known[worker.rng.integers(len(known))]
    if _document(worker.client.get(f"/records/{record_id}/views/raw"))["kind"] != "raw":
        raise Failed("a view is not the one asked for")


class Load:
    """Makes calls from threads until the context ends; each thread makes one kind of call, one every `every_s`."""

    def __init__(self, target: Target, calls: Sequence[Call], *, every_s: float, ledger: Ledger | None = None) -> None:
        self.target = target
        self.ledger = ledger or Ledger()
        self.outcomes: list[Outcome] = []
        self._calls = calls
        self._every_s = every_s
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._started = 0.0

    def __enter__(self) -> Self:
        """Store a first record, for there must be one to ask about, and start."""
        with self.target.client() as client:
            upload(Worker(client, self.target, self.ledger, np.random.default_rng()))
        self._started = time.monotonic()
        self._threads = [threading.Thread(target=self._repeat, args=(call,)) for call in self._calls]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let every call that was begun end."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def failed(self) -> list[Outcome]:
        """Return the calls that failed."""
        return [outcome for outcome in self.outcomes if outcome.failure]

    def summary(self) -> str:
        """Say how many calls of each kind were made, how many failed, and how long the slowest took."""
        made = Counter(outcome.kind for outcome in self.outcomes)
        counts = ", ".join(f"{count} × {kind}" for kind, count in sorted(made.items()))
        slowest = max((outcome.seconds for outcome in self.outcomes), default=0.0)
        return f"{counts}: {len(self.failed())} failed, the slowest took {slowest:.1f} s."

    def told(self) -> str:
        """Say the same, and how the first calls failed."""
        failures = [f"  {each.at:6.1f} s {each.kind}: {each.failure}" for each in self.failed()[:20]]
        return "\n".join([self.summary(), *failures])

    def _repeat(self, call: Call) -> None:
        with self.target.client() as client:
            worker = Worker(client, self.target, self.ledger, np.random.default_rng())
            while not self._stopped.is_set():
                began = time.monotonic()
                failure = _failure_of(call, worker)
                ended = time.monotonic()
                self.outcomes.append(Outcome(call.__name__, began - self._started, ended - began, failure))
                pause = max(self._every_s - (ended - began), AFTER_FAILURE_SECONDS if failure else 0.0)
                self._stopped.wait(pause)


def _failure_of(call: Call, worker: Worker) -> str | None:
    try:
        call(worker)
    except (httpx.HTTPError, Failed, KeyError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _document(answer: httpx.Response) -> Json:
    if not answer.is_success:
        raise Failed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    return dict(answer.json())


def _lines(answer: httpx.Response) -> Iterator[Json]:
    if not answer.is_success:
        answer.read()
        _document(answer)
    for line in answer.iter_lines():
        if line.strip():
            yield json.loads(line)


def _check_predictions(answer: Json, count: int) -> None:
    predictions = answer["predictions"]
    if len(predictions) != count or any(each.get("error") or not each["scores"] for each in predictions):
        raise Failed(f"{count} predictions were asked for; the answer is {str(answer)[:300]}")
