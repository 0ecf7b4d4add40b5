"""The main job on an installed platform: made-up ECGs in, one looked at, a model trained, asked and shared; all erased.

Runs in the gateway's image as `helm test` and needs nothing but Python. Reads EINTHOVEN_URL, EINTHOVEN_API_KEY and
EINTHOVEN_TEST_TRAINING ("true" trains, asks and shares a model as well).
"""

# ruff: noqa: INP001 a file of the chart, and no package
import http.client
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

RATE_HZ = 250
SECONDS = 10
ECGS = 16
LEADS = {"I": 0.6, "II": 1.0, "V1": -0.5, "V2": 0.4, "V3": 0.7, "V4": 1.1, "V5": 1.0, "V6": 0.8}
"""The height of each lead's R wave in millivolts; the other four leads follow from I and II."""
WAVES = ((-0.16, 0.025, 0.12), (0.0, 0.012, 1.0), (0.25, 0.05, 0.3))
"""P, R and T: seconds from the beat, width in seconds, share of the lead's height."""
MODEL = "helm-test"
ENDED = {"succeeded", "failed", "cancelled"}
CALL_SECONDS = 60
WAIT_SECONDS = 900


class Platform:
    """A platform as seen through its gateway."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def call(self, method: str, path: str, body: object = None, media_type: str = "application/json") -> Any:
        """Return the answer to one call; a refusal ends the test with what the platform says."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, method=method)  # noqa: S310 the chart gives the URL
        request.add_header("Authorization", f"Bearer {self._key}")
        request.add_header("Content-Type", media_type)
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS) as response:  # noqa: S310
                answer = response.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path} is answered with {error.code}: {error.read().decode(errors='replace')}")
        return json.loads(answer) if answer else None

    def ready(self) -> bool:
        """Say whether every service behind the gateway is ready."""
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=CALL_SECONDS) as response:  # noqa: S310
                return bool(response.status == http.client.OK)
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return False


def ecg_csv(number: int) -> bytes:
    """Return an ECG whose even numbers beat slowly and odd ones fast, as CSV in millivolts."""
    beat = (1.0 if number % 2 == 0 else 0.55) + 0.01 * (number // 2)
    rows = [",".join(f"{lead} (mV)" for lead in LEADS)]
    for sample in range(RATE_HZ * SECONDS):
        moment = (sample / RATE_HZ + 0.3) % beat
        wave = sum(
            share * math.exp(-(((moment - at - 0.3) / width) ** 2) / 2)
            for at, width, share in (*WAVES, (beat - 0.16, 0.025, 0.12))
        )
        hiss = 0.005 * math.sin(1.7 * sample**2)  # A line that rests at one value looks cut off by a converter.
        rows.append(",".join(f"{height * wave + hiss:.4f}" for height in LEADS.values()))
    return "\n".join(rows).encode()


def form(files: dict[str, bytes]) -> tuple[bytes, str]:
    """Return a multipart body of files, and its media type."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="sampling_rate_hz"\r\n\r\n{RATE_HZ}\r\n'.encode()]
    for name, data in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), data, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print what is done and how long it took."""
    started = time.monotonic()
    yield
    sys.stdout.write(f"{name}: {time.monotonic() - started:.1f} s\n")
    sys.stdout.flush()


def expect(*, holds: bool, otherwise: str) -> None:
    """End the test where something does not hold."""
    if not holds:
        sys.exit(otherwise)


def wait(until: Callable[[], bool], otherwise: str) -> None:
    """Ask every second; end the test where the time is over."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not until():
        expect(holds=time.monotonic() < deadline, otherwise=otherwise)
        time.sleep(1)


def ingest(platform: Platform, dataset: str) -> list[str]:
    """Send made-up ECGs and their labels; return the ids of their records."""
    files = {f"ecg-{number}.csv": ecg_csv(number) for number in range(ECGS)}
    body, media_type = form(files)
    report = platform.call("POST", f"/api/v1/datasets/{dataset}/records", body, media_type)
    expect(holds=report["stored"] == ECGS, otherwise=f"Not every ECG was stored: {json.dumps(report['files'])[:2000]}")
    labels = "".join(f"ecg-{number}.csv,{('slow', 'fast')[number % 2]},\n" for number in range(ECGS))
    platform.call("PUT", f"/api/v1/datasets/{dataset}/labels", f"file_name,label,ICD-10\n{labels}".encode(), "text/csv")
    return [line["record"]["record_id"] for line in report["files"]]


def view(platform: Platform, record: str) -> None:
    """Look at one ECG, and measure it."""
    seen = platform.call("GET", f"/api/v1/records/{record}/views/raw")
    expect(holds=len(seen["signal"]["leads"]) == 12, otherwise="The raw view has not 12 leads.")  # noqa: PLR2004 an ECG has 12
    measured = platform.call("GET", f"/api/v1/records/{record}/measurements")["measurements"]
    expect(holds=any(each["value"] is not None for each in measured), otherwise="Nothing could be measured.")


def train(platform: Platform, dataset: str) -> dict[str, str]:
    """Train for one epoch; return the model."""
    spec = {
        "model_name": MODEL,
        "dataset_id": dataset,
        "architecture": "inception_time",
        "max_epochs": 1,
        "batch_size": 4,
        "learning_rate": 0.001,
    }
    path = f"/api/v1/trainings/{platform.call('POST', '/api/v1/trainings', spec)['training_id']}"
    training: dict[str, Any] = {}

    def ended() -> bool:
        before = training.get("state"), training.get("waiting_for")
        training.update(platform.call("GET", path))
        if before != (training["state"], training.get("waiting_for")):
            sys.stdout.write(f"  {training['state']} {training.get('waiting_for') or ''}\n")
            sys.stdout.flush()
        return training["state"] in ENDED

    wait(ended, f"The training did not end within {WAIT_SECONDS} s: {json.dumps(training)}")
    expect(
        holds=training["state"] == "succeeded", otherwise=f"The training has {training['state']}: {training['error']}"
    )
    return dict(training["model"])


def predict(platform: Platform, model: dict[str, str], records: list[str]) -> None:
    """Ask the model about every ECG."""
    answer = platform.call("POST", "/api/v1/predictions", {"model": model, "record_ids": records})
    wrong = [each for each in answer["predictions"] if each["error"] or not each["scores"]]
    expect(holds=len(answer["predictions"]) == len(records) and not wrong, otherwise=f"Not predicted: {wrong}")


def share(platform: Platform, model: dict[str, str]) -> None:
    """Show the model to the whole site."""
    published = platform.call("POST", f"/api/v1/models/{model['name']}/{model['version']}/publish")
    expect(holds=published["visibility"] == "site", otherwise=f"The model was not shared: {published}")


def main() -> None:
    """Do the whole job, and erase what came in."""
    environment = os.environ  # noqa: TID251 this script is its own deployable
    platform = Platform(environment["EINTHOVEN_URL"], environment["EINTHOVEN_API_KEY"])
    with step("every service is ready"):
        wait(platform.ready, "The platform did not become ready.")
    name = f"helm-test-{uuid.uuid4().hex[:8]}"
    dataset = platform.call("POST", "/api/v1/datasets", {"name": name})["dataset_id"]
    try:
        with step(f"{ECGS} ECGs ingested and labelled"):
            records = ingest(platform, dataset)
        with step("one viewed and measured"):
            view(platform, records[0])
        if environment.get("EINTHOVEN_TEST_TRAINING") == "true":
            with step("a model trained"):
                model = train(platform, dataset)
            with step(f"{ECGS} ECGs predicted"):
                predict(platform, model, records)
            with step(f"{model['name']}@{model['version']} shared"):
                share(platform, model)
    finally:
        with step("the ECGs erased"):
            platform.call("DELETE", f"/api/v1/datasets/{dataset}")


if __name__ == "__main__":
    main()
