"""The main job, step by step over REST, for every way to run the platform."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.files import WRITERS, write_labels
from deploy.demo.pathologies import Pathology
from deploy.demo.synthesis import synthesize

Json = dict[str, Any]
KINDS = (Pathology.NORMAL, Pathology.LEFT_BUNDLE_BRANCH_BLOCK)
ECGS_PER_KIND = 9
VIEWS = ("raw", "qrs", "events", "median-beats", "aligned")


@dataclass(frozen=True)
class Journey:
    """One department at work."""

    client: httpx.Client
    folder: Path

    def dataset(self, name: str) -> str:
        """Make a dataset of labelled ECGs in three formats and return its identifier."""
        dataset_id = str(self.answer("POST", "/datasets", json={"name": name})["dataset_id"])
        files, labels = self._written()
        parts = [("files", (path.name, path.read_bytes(), "application/octet-stream")) for path in files]
        report = self.answer("POST", f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "500"}, files=parts)
        refused = [line for line in report["files"] if line["outcome"] == "refused"]
        assert not refused, refused
        csv = labels.read_bytes()
        self.answer("PUT", f"/datasets/{dataset_id}/labels", content=csv, headers={"Content-Type": "text/csv"})
        return dataset_id

    def records(self, dataset_id: str) -> list[Json]:
        """Return the records of a dataset."""
        return list(self.answer("GET", f"/datasets/{dataset_id}/records")["items"])

    def import_model(self, name: str, onnx: bytes) -> Json:
        """Bring an ONNX file in as a model and return it."""
        return self.answer("POST", "/models", data={"name": name}, files={"file": ("model.onnx", onnx)})

    def train(self, dataset_id: str, **more: Any) -> Json:
        """Queue a short training and return it."""
        request = {
            "model_name": "e2e",
            "dataset_id": dataset_id,
            "architecture": "inception_time",
            "max_epochs": 2,
            "batch_size": 4,
            "learning_rate": 0.001,
            "seed": 1,
        }
        return self.answer("POST", "/trainings", json=request | more)

    def events(self, training_id: str) -> Iterator[Json]:
        """Yield the payloads of a training's events until the stream ends."""
        with self.client.stream("GET", f"/trainings/{training_id}/events", timeout=120) as response:
            assert response.status_code == httpx.codes.OK, response.read()
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def measure(self, dataset_id: str) -> tuple[Json, list[str]]:
        """Measure a dataset; return the job once it has ended, and the lines of its table."""
        queued = self.answer("POST", f"/datasets/{dataset_id}/measurements")
        path = f"/measurement-jobs/{queued['job_id']}"
        with self.client.stream("GET", f"{path}/events", timeout=120) as response:
            told = [json.loads(line[5:]) for line in response.iter_lines() if line.startswith("data:")]
        table = self.client.get(f"{path}/table", params={"format": "csv"})
        assert table.is_success, table.text
        return told[-1], table.text.splitlines()

    def ended(self, training_id: str, *, wait: Callable[[], object] | None = None) -> Json:
        """Return a training once it has ended, following its events across whatever happens to the connection."""
        while True:
            try:
                training = self.answer("GET", f"/trainings/{training_id}")
                if training["state"] in {"succeeded", "failed", "cancelled"}:
                    return training
                for _ in self.events(training_id):
                    pass
            except (httpx.TransportError, AssertionError):
                if wait is None:
                    raise
                wait()

    def answer(self, method: str, path: str, **request: Any) -> Json:
        """Make a call and return its JSON; whatever is no success fails the test with the problem's text."""
        response = self.client.request(method, path, **request)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return dict(response.json()) if response.content else {}

    def _written(self) -> tuple[list[Path], Path]:
        files: list[Path] = []
        labelled = []
        for kind in KINDS:
            for number in range(ECGS_PER_KIND):
                suffix = tuple(WRITERS)[number % len(WRITERS)]
                path = self.folder / f"{kind}_{number}{suffix}"
                files += WRITERS[suffix](synthesize(kind, seed=number), path)
                labelled.append((path.name, kind))
        return files, write_labels(self.folder / "labels.csv", labelled)
