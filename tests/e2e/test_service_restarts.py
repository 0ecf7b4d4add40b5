"""Services that die: what was reported stays, nothing else is left, and the next call finds them again."""

import asyncio
import http.client
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from services.shared.settings import StorageSettings
from services.shared.storage.opening import open_store
from tests.e2e.journey import Journey
from tests.integration import departments
from tests.integration.cramped import eventually
from tests.integration.departments import Key
from tests.platforms import DistributedPlatform, printed_on_failure, ready
from tests.servers import Server
from tests.unit.services.ingest.ecgs import npy_of, twelve_leads

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

TENANT = "restarts"
BOUNDARY = "upload"
FILES = {f"{number}.npy": npy_of(twelve_leads(5000, seed=number)) for number in range(40)}
SENT_BEFORE = 15
"""Files that are on their way when ingest dies."""
CLEAN_SECONDS = 15
MODEL = "restarted"


@pytest.fixture(scope="module")
def key(distributed: DistributedPlatform) -> Key:
    return departments.new_key(distributed, TENANT, "eve")


@pytest.fixture(scope="module")
def journey(distributed: DistributedPlatform, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    folder: Path = tmp_path_factory.mktemp(TENANT)
    with departments.client_of(distributed, key) as client:
        yield Journey(client, folder)


@dataclass
class StreamedUpload:
    """An upload whose lines are read while it is still being sent."""

    url: str
    key: str
    dataset_id: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    def begin(self) -> None:
        """Send everything before the first file."""
        self._connection = http.client.HTTPConnection(str(urlsplit(self.url).netloc), timeout=30)
        self._connection.putrequest("POST", f"/api/v1/datasets/{self.dataset_id}/records")
        for name, value in (
            ("Authorization", f"Bearer {self.key}"),
            ("Accept", "application/x-ndjson"),
            ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),
            ("Transfer-Encoding", "chunked"),
        ):
            self._connection.putheader(name, value)
        self._connection.endheaders()
        self._send(_part('name="sampling_rate_hz"', b"500"))

    def send(self, name: str) -> bool:
        """Send a file, and say whether anybody took it."""
        try:
            self._send(_part(f'name="files"; filename="{name}"', FILES[name]))
        except OSError:
            return False
        return True

    def read_until(self, stored: int) -> None:
        """Read lines until this many say that a file is stored."""
        self._response = self._connection.getresponse()
        while len(self.stored) < stored:
            self.lines.append(json.loads(self._response.readline()))

    def read_rest(self) -> None:
        """Read what still comes."""
        self.lines += [json.loads(line) for line in self._response.read().splitlines()]
        self._connection.close()

    @property
    def stored(self) -> set[str]:
        """The files that were reported as stored."""
        return {line["file_name"] for line in self.lines if str(line.get("outcome")).startswith("stored")}

    def _send(self, data: bytes) -> None:
        self._connection.send(b"%x\r\n%s\r\n" % (len(data), data))


async def test_ingest_dies_during_an_upload(distributed: DistributedPlatform, journey: Journey, key: Key) -> None:
    dataset_id = str(journey.answer("POST", "/datasets", json={"name": "cut by a crash"})["dataset_id"])
    upload = StreamedUpload(distributed.url, key.key, dataset_id)

    with printed_on_failure(distributed):
        _killed_while(upload, distributed.processes["ingest"])
        with _sweeping_soon(distributed):
            records = {each["file_name"]: each for each in journey.records(dataset_id)}
            originals = {f"originals/{TENANT}/{each['sha256']}" for each in records.values()}
            cleaned = await _eventually_only(distributed, f"originals/{TENANT}/", originals)
            shards = await _keys(distributed, f"signals/{TENANT}/{dataset_id}/")
        signals = {name: _signal(journey, each["record_id"]) for name, each in records.items()}
        again = journey.answer(
            "POST", f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=_all()
        )

    assert upload.lines[-1]["problem"]["status"] == 503
    assert upload.stored <= records.keys() < FILES.keys()
    assert all(np.array_equal(signal, np.load(io.BytesIO(FILES[name]))) for name, signal in signals.items())
    assert cleaned
    assert 1 <= len(shards) <= len(records)
    assert {line["file_name"] for line in again["files"] if line["outcome"] == "duplicate"} == records.keys()
    assert sorted(each["file_name"] for each in journey.records(dataset_id)) == sorted(FILES)


def test_inference_dies_between_predictions(distributed: DistributedPlatform, journey: Journey) -> None:
    asked = _something_to_predict(journey)

    with printed_on_failure(distributed):
        before = journey.answer("POST", "/predictions", json=asked)
        distributed.processes["inference"].kill()
        distributed.processes["inference"].start()
        after = journey.answer("POST", "/predictions", json=asked)

    assert after == before


def test_a_prediction_while_inference_is_away_says_so_and_then_works(
    distributed: DistributedPlatform, journey: Journey
) -> None:
    asked = _something_to_predict(journey)
    before = journey.answer("POST", "/predictions", json=asked)

    with printed_on_failure(distributed), ThreadPoolExecutor(1) as beside:
        distributed.processes["inference"].kill()
        away = journey.client.post("/predictions", json=asked)
        starting = beside.submit(distributed.processes["inference"].start)
        assert eventually(lambda: journey.client.post("/predictions", json=asked).is_success)
        starting.result()

    assert away.status_code == 503, away.text
    assert away.headers["retry-after"]
    assert journey.answer("POST", "/predictions", json=asked) == before


def _killed_while(upload: StreamedUpload, ingest: Server) -> None:
    upload.begin()
    for name in list(FILES)[:SENT_BEFORE]:
        upload.send(name)
    upload.read_until(3)
    ingest.kill()
    for name in list(FILES)[SENT_BEFORE:]:
        if not upload.send(name):
            break
    upload.read_rest()


@contextmanager
def _sweeping_soon(distributed: DistributedPlatform) -> Iterator[None]:
    """Start ingest so that it does not wait long before it clears up behind one that is gone; then as before."""
    ingest = distributed.processes["ingest"]
    usual = ingest.environment
    ingest.environment = usual | {
        "EINTHOVEN_INGEST_SWEEP_SECONDS": "0.3",
        "EINTHOVEN_INGEST_ORPHAN_SECONDS": "1",
    }
    ingest.start()
    try:
        assert eventually(lambda: ready(distributed.url))
        yield
    finally:
        ingest.environment = usual
        ingest.stop()
        ingest.start()
        assert eventually(lambda: ready(distributed.url))


async def _keys(distributed: DistributedPlatform, prefix: str) -> set[str]:
    """Return what lies in the object store."""
    given = distributed.processes["ingest"].environment
    start = "EINTHOVEN_INGEST_STORAGE__"
    fields = {name.removeprefix(start).lower(): value for name, value in given.items() if name.startswith(start)}
    store = open_store(StorageSettings.model_validate(fields))
    try:
        return {info.key async for info in store.list(prefix)}
    finally:
        await store.close()


async def _eventually_only(distributed: DistributedPlatform, prefix: str, expected: set[str]) -> bool:
    """Say whether the store comes to hold exactly these objects."""
    deadline = time.monotonic() + CLEAN_SECONDS
    while await _keys(distributed, prefix) != expected:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


def _signal(journey: Journey, record_id: str) -> np.ndarray:
    answer = journey.client.get(f"/records/{record_id}/signal?format=npy")
    return np.asarray(np.load(io.BytesIO(answer.content)))


def _something_to_predict(journey: Journey) -> dict[str, Any]:
    """Return a question about one stored ECG."""
    if journey.client.get(f"/models/{MODEL}").status_code == httpx.codes.NOT_FOUND:
        journey.import_model(MODEL, departments.private_model())
        dataset_id = str(journey.answer("POST", "/datasets", json={"name": MODEL})["dataset_id"])
        files = [("files", ("a.npy", npy_of(twelve_leads(5000, seed=1000))))]
        journey.answer("POST", f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=files)
    datasets = {each["name"]: each["dataset_id"] for each in journey.answer("GET", "/datasets")["items"]}
    return {"model": {"name": MODEL}, "dataset_id": datasets[MODEL]}


def _part(disposition: str, data: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"


def _all() -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", each) for each in FILES.items()]
